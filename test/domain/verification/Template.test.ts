import { assert, describe, it } from "@effect/vitest"
import { Either, Option, Redacted, Schema } from "effect"
import { createHmac } from "node:crypto"
import { providers } from "../../../src/domain/providers/Providers.ts"
import type { Scheme } from "../../../src/domain/verification/Scheme.ts"
import * as Template from "../../../src/domain/verification/Template.ts"
import * as Verifier from "../../../src/domain/verification/Verifier.ts"
import { now, request, type Values } from "./Requests.ts"

const decode = Schema.decodeEither(Template.Template)

/** Verifies with a scheme that signs as the template says, against a signature of the given text. */
const verdict = (template: string, text: string, headers: Values = {}) => {
  const hmac = providers.hmac.scheme({})
  if (hmac.signature._tag !== "Hmac") return assert.fail("hmac is no HMAC scheme")
  const scheme: Scheme = {
    ...hmac,
    signature: { ...hmac.signature, content: Template.make(template) },
    timestamp: Option.some({ source: { header: "x-time" }, unit: "seconds", maxAge: 5, maxAhead: 5 }),
    id: Option.some({ header: "x-id" })
  }
  const sent = {
    body: "{\"a\":{\"b\":\"in the body\"},\"n\":7}",
    headers: {
      "x-signature": createHmac("sha256", "secret").update(text).digest("hex"),
      "x-time": `${now / 1_000}`,
      "x-id": "id 1",
      ...headers
    }
  }
  return Either.match(Verifier.verify(scheme, [Redacted.make("secret")], request(sent)), {
    onLeft: ({ reason }) => reason,
    onRight: () => "accepted"
  })
}

describe("a template of what is signed", () => {
  it.each([
    ["{raw}", "{\"a\":{\"b\":\"in the body\"},\"n\":7}"],
    ["v0:{timestamp}:{id}", `v0:${now / 1_000}:id 1`],
    ["{method} {url}", "POST https://hooks.example/api/v1/webhooks/one"],
    ["{header:X-Id}|{header:x-more}", "id 1|more"],
    ["{json:$.a.b}+{json:$['n']}", "in the body+7"],
    ["{id}{id}", "id 1id 1"],
    ["only text", "only text"]
  ])("%s stands for what the request holds there", (template, text) => {
    assert.strictEqual(verdict(template, text, { "x-more": "more" }), "accepted")
    assert.strictEqual(verdict(template, `${text} `, { "x-more": "more" }), "signature_mismatch")
  })

  it("cannot be filled from what is missing, is repeated or is no text", () => {
    assert.strictEqual(verdict("{header:x-more}", ""), "signed_value_missing")
    assert.strictEqual(verdict("{header:x-more}", "oneone", { "x-more": ["one", "one"] }), "signed_value_missing")
    assert.strictEqual(verdict("{json:$.none}", ""), "signed_value_missing")
    assert.strictEqual(verdict("{json:$.a}", "[object Object]"), "signed_value_missing")
  })

  it.each([
    "{}",
    "{body}",
    "{Raw}",
    "{ raw }",
    "{raw",
    "raw}",
    "{raw}}",
    "{{raw}}",
    "{raw{raw}",
    "{rawx",
    "text {raw",
    "{header}",
    "{headerx}",
    "{header:}",
    "{header:two words}",
    "{json:}",
    "{json:a.b}",
    "{json:$..a}",
    "{form:a}"
  ])("is refused when it is misspelt: %s", (text) => {
    assert.isTrue(Either.isLeft(decode(text)))
  })

  it("is written as it was read", () => {
    const text = "v0:{timestamp}:{header:X-Id}:{json:$.a[0]['b c']}"
    assert.strictEqual(Schema.encodeSync(Template.Template)(Template.make(text)), text)
  })
})
