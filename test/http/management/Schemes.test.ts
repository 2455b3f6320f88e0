import { assert, layer } from "@effect/vitest"
import { Clock, Effect, Schema } from "effect"
import { createHmac } from "node:crypto"
import { Entry } from "../../../src/domain/providers/Catalogue.ts"
import { ProviderId } from "../../../src/domain/providers/Providers.ts"
import * as Gateway from "../../support/Gateway.ts"
import * as Api from "../Api.ts"

const decodeList = Schema.decodeUnknown(Schema.Struct({ data: Schema.Array(Entry) }), { onExcessProperty: "error" })

const scheme = {
  proofs: [{
    kind: "hmac",
    at: [{ header: "X-Acme-Signature" }],
    form: { separator: ";", assign: "=", key: "s" },
    encoding: "hex",
    content: ["{timestamp}\n{raw}"],
    timestamp: { at: { part: "at" }, maxAge: 600 }
  }],
  dedupe: [[{ json: "$.delivery" }]],
  type: [[{ json: "$.kind" }]]
}

const post = Effect.fnUntraced(function*(fields: Record<string, unknown>) {
  const { manage } = yield* Gateway.Gateway
  return yield* manage("/integrations", {
    slug: "own",
    name: "own",
    provider: "custom",
    secrets: ["secret"],
    ...fields
  })
})

layer(Api.onTwins(), Api.live)("a scheme of a user's own", (it) => {
  it.effect("verifies and names webhooks as it says, and is shown as it was written", () =>
    Effect.gen(function*() {
      const { call, manage } = yield* Gateway.Gateway
      const created = yield* post({ scheme })
      assert.strictEqual(created.status, 201, created.text)
      const body = "{\"delivery\":\"d-1\",\"kind\":\"thing.made\"}"
      const at = String(Math.floor((yield* Clock.currentTimeMillis) / 1_000))
      const send = (signature: string) =>
        call("/api/v1/webhooks/own", { body, headers: { "x-acme-signature": `at=${at};s=${signature}` } })
      const right = Api.signature(`${at}\n${body}`, "secret")
      Api.failed(yield* send(Api.signature(body, "secret")), 401, "signature_invalid")
      const { eventId } = yield* Gateway.accepted(yield* send(right))
      const event = yield* Gateway.event(eventId)
      assert.deepStrictEqual([event.dedupeKey, event.type], ["d-1", "thing.made"])

      const { json } = yield* manage("/integrations/own")
      const shown = yield* Schema.decodeUnknown(Schema.Struct({ scheme: Schema.Unknown }))(json)
      assert.nestedInclude(shown.scheme, {
        "proofs[0].at[0].header": "x-acme-signature",
        "proofs[0].content[0]": "{timestamp}\n{raw}",
        "proofs[0].timestamp.maxAge": 600,
        "dedupe[0][0].json": "$.delivery"
      })
    }))

  it.effect("may be changed, and counts at once", () =>
    Effect.gen(function*() {
      const { call, manage } = yield* Gateway.Gateway
      yield* post({ slug: "changed", scheme })
      const token = { proofs: [{ kind: "token", at: [{ header: "x-key" }] }] }
      const changed = yield* manage("/integrations/changed", { scheme: token }, "PATCH")
      assert.strictEqual(changed.status, 200, changed.text)
      assert.strictEqual(
        (yield* call("/api/v1/webhooks/changed", { body: "{}", headers: { "x-key": "secret" } })).status,
        202
      )
    }))

  it.effect("is not taken for secrets that it cannot use, and such a secret is refused", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      yield* post({ slug: "unfit", scheme })
      const hex = { proofs: [{ kind: "hmac", at: [{ header: "x-s" }], key: { encoding: "hex" } }] }
      assert.deepStrictEqual(Api.complaints(yield* manage("/integrations/unfit", { scheme: hex }, "PATCH")), ["scheme"])
      const both = { proofs: [...hex.proofs, { kind: "token", at: [{ header: "x-key" }] }] }
      assert.deepStrictEqual(Api.complaints(yield* post({ slug: "unfit-2", scheme: both })), ["secrets.0"])
    }))

  it.effect("is refused with what is wrong, and where", () =>
    Effect.gen(function*() {
      const refused = (proof: Record<string, unknown>, more: Record<string, unknown> = {}) =>
        Effect.map(
          post({ slug: "wrong", scheme: { proofs: [{ kind: "hmac", at: [{ header: "x-s" }], ...proof }], ...more } }),
          Api.complaints
        )
      assert.deepStrictEqual(Api.complaints(yield* post({})), ["scheme"])
      assert.deepStrictEqual(Api.complaints(yield* post({ provider: "github", scheme })), ["scheme"])
      assert.deepStrictEqual(yield* refused({ content: ["{timestamp}.{raw}"] }), ["scheme.proofs.0.content.0"])
      assert.deepStrictEqual(yield* refused({ content: ["{raw}", "always the same"] }), ["scheme.proofs.0.content.1"])
      assert.deepStrictEqual(yield* refused({ at: [{ item: "$.signature" }] }), ["scheme.proofs.0.at"])
      assert.deepStrictEqual(yield* refused({ timestamp: { at: { part: "t" } } }), ["scheme.proofs.0.form"])
      assert.deepStrictEqual(yield* refused({}, { type: [[{ item: "$.kind" }]] }), ["scheme.type.0"])
      assert.deepStrictEqual(yield* refused({}, { handshakes: [{ when: [] }] }), ["scheme.handshakes.0.when"])
      const asked = { method: "GET", when: [{ at: { query: "challenge" } }] }
      assert.deepStrictEqual(yield* refused({}, { handshakes: [asked] }), ["scheme.handshakes.0.provenBy"])
      const token = { kind: "token", at: [{ header: "x-key" }] }
      const key = { encoding: "hex" }
      const wrong: ReadonlyArray<readonly [ReadonlyArray<Record<string, unknown>>, Record<string, unknown>, string]> = [
        [[{ ...token, at: [{ query: "key" }] }], {}, "scheme.proofs.0.at"],
        [[token], { dedupe: [[{ header: "x-key" }]] }, "scheme.dedupe.0"],
        [[{ kind: "basic" }], { type: [[{ header: "authorization" }]] }, "scheme.type.0"],
        [
          [{ kind: "public-key", algorithm: "ed25519", at: [{ header: "x-s" }], key }, token],
          {},
          "scheme.proofs.0.key.prefixRequired"
        ],
        [[{ kind: "none" }, token], {}, "scheme.proofs.0.kind"],
        [[{ ...token, key: { prefixRequired: true } }], {}, "scheme.proofs.0.key.prefix"]
      ]
      for (const [proofs, more, path] of wrong) {
        const answer = yield* post({ slug: "wrong", secrets: ["a".repeat(64)], scheme: { proofs, ...more } })
        assert.include(Api.complaints(answer), path)
      }
      assert.deepStrictEqual(yield* refused({ content: ["{secret}{method}{url}"] }), ["scheme.proofs.0.content.0"])
      assert.deepStrictEqual(yield* refused({ content: ["{raw}{raw}"] }), ["scheme.proofs.0.content.0"])
      assert.deepStrictEqual(yield* refused({}, { response: { status: 200, body: "", contentType: "a\r\nb" } }), [
        "scheme.response.contentType"
      ])
      const certificate = { kind: "certificate", certificate: { header: "x-cert" }, hosts: ["internal"] }
      assert.deepStrictEqual(yield* refused(certificate), ["scheme.proofs.0.kind"])
      for (const wrong of [{ content: ["{body}"] }, { hash: "md5" }, { kind: "hmacs" }, { secrt: 1 }]) {
        const [path = ""] = yield* refused(wrong)
        assert.match(path, /^scheme\.proofs\.0/)
      }
    }))
})

layer(Api.onTwins(), Api.live)("providers", (it) => {
  it.effect("are all listed with what they need", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const { data } = yield* decodeList((yield* manage("/providers")).json)
      assert.deepStrictEqual(data.map((_) => _.id), [...ProviderId.literals])
      const needing = (is: (entry: Entry) => boolean) => data.filter(is).map((_) => _.id)
      assert.deepStrictEqual(needing((_) => _.signsUrl), ["twilio", "square", "hubspot"])
      assert.deepStrictEqual(needing((_) => _.needsVerifyToken), ["meta"])
      assert.deepStrictEqual(needing((_) => _.secret === null), ["none"])
    }))

  it.effect("refuse a secret of another shape, and none where one is needed", () =>
    Effect.gen(function*() {
      const refused = (provider: string, secrets: ReadonlyArray<string>) =>
        Effect.map(post({ slug: "shape", provider, secrets }), Api.complaints)
      assert.deepStrictEqual(yield* refused("sendgrid", ["not a key"]), ["secrets.0"])
      assert.deepStrictEqual(yield* refused("discord", ["00"]), ["secrets.0"])
      assert.deepStrictEqual(yield* refused("adyen", ["not hex"]), ["secrets.0"])
      assert.deepStrictEqual(yield* refused("basic", ["no colon"]), ["secrets.0"])
      assert.deepStrictEqual(yield* refused("sns", ["my-topic"]), ["secrets.0"])
      assert.deepStrictEqual(yield* refused("gitlab", ["whsec_!"]), ["secrets.0"])
      assert.deepStrictEqual(yield* refused("none", ["a secret"]), ["secrets.0"])
      assert.deepStrictEqual(yield* refused("stripe", []), ["secrets"])
      assert.strictEqual((yield* post({ slug: "open", provider: "none", secrets: [] })).status, 201)
    }))

  it.effect("answer an accepted webhook as they are expected to, unless the integration says otherwise", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const secrets = ["00ff"]
      yield* post({ slug: "adyen", provider: "adyen", secrets })
      const response = { status: 200, body: "own", contentType: "text/plain" }
      yield* post({ slug: "adyen-own", provider: "adyen", secrets, response })
      const hmacSignature = createHmac("sha256", Buffer.from("00ff", "hex")).update(":::::::").digest("base64")
      const body = JSON.stringify({
        notificationItems: [{ NotificationRequestItem: { additionalData: { hmacSignature } } }]
      })
      const answer = yield* call("/api/v1/webhooks/adyen", { body })
      assert.deepStrictEqual([answer.status, answer.text], [200, "[accepted]"])
      assert.strictEqual((yield* call("/api/v1/webhooks/adyen-own", { body })).text, "own")
    }))
})
