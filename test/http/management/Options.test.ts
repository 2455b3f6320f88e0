import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Gateway from "../../support/Gateway.ts"
import * as Api from "../Api.ts"

const make = Effect.fnUntraced(function*(slug: string, fields: Record<string, unknown>) {
  const { manage } = yield* Gateway.Gateway
  const made = yield* manage("/integrations", { slug, name: slug, provider: "hmac", secrets: ["a-secret"], ...fields })
  assert.strictEqual(made.status, 201, made.text)
  return (options: unknown) => manage(`/integrations/${slug}`, { options }, "PATCH")
})

layer(Api.onTwins(), Api.live)("the options of an integration", (it) => {
  it.effect("are changed as a whole, and count at once", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const change = yield* make("moved", { options: { header: "x-one", encoding: "base64" } })
      const changed = yield* change({ header: "X-Two" })
      assert.strictEqual(changed.status, 200, changed.text)
      assert.deepInclude(changed.json, { options: { header: "x-two" } })
      const signed = (header: string, body: string) =>
        call("/api/v1/webhooks/moved", { body, headers: { [header]: Api.signature(body, "a-secret") } })
      assert.strictEqual((yield* signed("x-two", "1")).status, 202)
      assert.strictEqual((yield* signed("x-one", "2")).status, 401)
      assert.deepInclude((yield* change({})).json, { options: {} })
      assert.strictEqual((yield* signed("x-signature", "3")).status, 202)
    }))

  it.effect("let a provider's lists be split from now on", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      yield* make("split", { provider: "meta" })
      const { json, status } = yield* manage("/integrations/split", { options: { split: true } }, "PATCH")
      assert.strictEqual(status, 200)
      assert.deepInclude(json, { options: { split: true } })
    }))

  it.effect("are refused where the provider leaves no choice, the secrets do not fit, or a name would tell a secret", () =>
    Effect.gen(function*() {
      const github = yield* make("fixed", { provider: "github" })
      assert.deepStrictEqual(Api.complaints(yield* github({ header: "x-a", split: true })), [
        "options.header",
        "options.split"
      ])
      const token = yield* make("named", { provider: "token", dedupe: { header: "x-own" } })
      assert.deepStrictEqual(Api.complaints(yield* token({ header: "x-own" })), ["dedupe.header"])
      const hmac = yield* make("typed", {})
      assert.deepStrictEqual(Api.complaints(yield* hmac({ algorithm: "md5" })), ["options.algorithm"])
      assert.deepStrictEqual(Api.complaints(yield* hmac({ unknown: 1 })), ["options.unknown"])
      assert.deepStrictEqual(Api.complaints(yield* hmac(null)), ["options"])
    }))
})
