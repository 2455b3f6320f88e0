import { assert, describe, it } from "@effect/vitest"
import { Either, Redacted, Schema } from "effect"
import type { NonEmptyReadonlyArray } from "effect/Array"
import { createHmac } from "node:crypto"
import * as Scheme from "../../../src/domain/verification/Scheme.ts"
import * as Template from "../../../src/domain/verification/Template.ts"
import * as Verifier from "../../../src/domain/verification/Verifier.ts"
import { hook, now, request, type Sent } from "./Requests.ts"

const decode = Schema.decodeEither(Template.Template)

/** Verifies with a scheme that signs as the templates say, against a signature of the given text. */
const verdict = (content: string | NonEmptyReadonlyArray<string>, text: string, { headers, ...sent }: Sent = {}) => {
  const scheme = Scheme.make({
    proofs: [{
      kind: "hmac",
      at: [{ header: "x-signature" }],
      content: typeof content === "string" ? [content] : content,
      timestamp: { at: { header: "x-time" }, maxAge: 5, maxAhead: 5 },
      id: { header: "x-id" }
    }]
  })
  const signed = {
    body: "{\"a\":{\"b\":\"in the body\"},\"n\":7}",
    ...sent,
    headers: {
      "x-signature": createHmac("sha256", "secret").update(text).digest("hex"),
      "x-time": `${now / 1_000}`,
      "x-id": "id 1",
      ...headers
    }
  }
  return Either.match(Verifier.verify(scheme, [Redacted.make("secret")], request(signed)), {
    onLeft: ({ reason }) => reason,
    onRight: () => "accepted"
  })
}

const more = { headers: { "x-more": "more" }, url: `${hook}?a=1%2F2&b=` }
const form = (body: string): Sent => ({ headers: { "content-type": "application/x-www-form-urlencoded" }, body })
const at = (url: string): Sent => ({ url })

describe("a template of what is signed", () => {
  it.each<[string, string, Sent]>([
    ["{raw}", "{\"a\":{\"b\":\"in the body\"},\"n\":7}", {}],
    ["v0:{timestamp}:{id}", `v0:${now / 1_000}:id 1`, {}],
    ["{method} {url}", "POST https://hooks.example/api/v1/webhooks/one", {}],
    ["{header:X-Id}|{header:x-more}", "id 1|more", more],
    ["{json:$.a.b}+{json:$['n']}", "in the body+7", {}],
    ["{id}{id}", "id 1id 1", {}],
    ["only text", "only text", {}],
    ["{secret}|{crc32}", "secret|907060870", { body: "hello" }],
    ["{query:a}+{query:b}", "1/2+", more],
    ["{form:a}+{form:b}", "1 2+", form("a=1+2&b")],
    ["{sorted-form}", "Büa1azaz2", form("az=2&a=1&a=z&a=1&B=%C3%BC")],
    ["{header?:x-none}|{query?:none}|{json?:$.none}|{form?:none}|{item?:$.a}|{query?:a}", "|||||1/2", more],
    ["{lines:n,none}", "n\n7\n", {}],
    ["{lines:B,A}", "B\nx\ny\nA\ntrue\n", { body: "{\"A\":true,\"B\":\"x\\ny\",\"C\":\"z\"}" }],
    ["{url:port}", "https://hooks.example:443/a?b=c:1", at("https://hooks.example/a?b=c:1")],
    ["{url:port}", "http://hooks.example:80", at("http://hooks.example")],
    ["{url:port}", "https://[2001:db8::1]:443/a", at("https://[2001:db8::1]/a")],
    ["{url:no-port}", "https://hooks.example/a:443", at("https://hooks.example:443/a:443")],
    ["{url:no-port}", "http://hooks.example?a", at("http://hooks.example:80?a")],
    ["{url:unescaped}", "https://h.example/a b?c=d/e:f%20%25", at("https://h.example/a b?c=d%2Fe%3af%20%25")]
  ])("%s stands for what the request holds there", (template, text, sent) => {
    assert.strictEqual(verdict(template, text, sent), "accepted")
    assert.strictEqual(verdict(template, `${text} `, sent), "signature_mismatch")
  })

  it("cannot be filled from what is missing, is repeated or is no text", () => {
    for (
      const [template, text, sent] of [
        ["{header:x-more}", "", {}],
        ["{header:x-more}", "oneone", { headers: { "x-more": ["one", "one"] } }],
        ["{json:$.none}", "", {}],
        ["{json:$.a}", "[object Object]", {}],
        ["{query:a}", "", {}],
        ["{query:a}", "1", at(`${hook}?a=1&a=1`)],
        ["{form:a}", "", form("b=1")],
        ["{form:a}", "1", form("a=1&a=1")],
        ["{form:a}", "1", { body: "a=1" }],
        ["{sorted-form}", "", {}],
        ["{item:$.a.b}", "in the body", {}],
        ["{url:port}", "https://hooks.example:443/", at("https://hooks.example:443/")],
        ["{url:no-port}", "https://hooks.example/", at("https://hooks.example/")],
        ["{url:unescaped}", hook, {}]
      ] satisfies ReadonlyArray<[string, string, Sent]>
    ) {
      assert.strictEqual(verdict(template, text, sent), "signed_value_missing", template)
    }
  })

  it.each<[string, string, Sent]>([
    ["{header?:x-more}", "", { headers: { "x-more": ["one", "one"] } }],
    ["{query?:a}", "", at(`${hook}?a=1&a=1`)],
    ["{form?:a}", "", form("a=1&a=1")],
    ["{json?:$.a}", "", {}],
    ["{lines:a,n}", "n\n7\n", {}]
  ])("%s takes nothing for missing that was sent, but is repeated or is no text", (template, text, sent) => {
    assert.strictEqual(verdict(template, text, sent), "signed_value_missing")
  })

  it.each(["{json?:$.a}", "{lines:a}"])("%s takes null for missing", (template) => {
    assert.strictEqual(verdict(template, "", { body: "{\"a\":null}" }), "accepted")
  })

  it("is one of several where several may have been signed, and of those the request can fill any one", () => {
    const either = ["{url}", "{url:port}", "{header:x-more}"] as const
    assert.strictEqual(verdict(either, hook), "accepted")
    assert.strictEqual(verdict(either, hook.replace("example", "example:443")), "accepted")
    assert.strictEqual(verdict(either, "more", more), "accepted")
    assert.strictEqual(verdict(either, "more"), "signature_mismatch")
    assert.strictEqual(verdict(either, ""), "signature_mismatch")
    assert.strictEqual(verdict(["{header:x-more}", "{query:a}"], ""), "signed_value_missing")
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
    "{json?}",
    "{?json:$.a}",
    "{raw?}",
    "{form:}",
    "{query}",
    "{part:t}",
    "{item:a}",
    "{lines}",
    "{lines:}",
    "{lines?:a}",
    "{lines:a,}",
    "{url:}",
    "{url:path}",
    "{url?:port}",
    "{sorted-form:a}",
    "{crc32:raw}",
    "{Secret}"
  ])("is refused when it is misspelt: %s", (text) => {
    assert.isTrue(Either.isLeft(decode(text)))
  })

  it("is written as it was read", () => {
    const text = "v0:{timestamp}:{header:X-Id}:{json?:$.a[0]['b c']}:{form:a}:{lines:a,b}:{url:port}"
    assert.strictEqual(Schema.encodeSync(Template.Template)(Template.make(text)), text)
  })
})
