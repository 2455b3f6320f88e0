import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Gateway from "../../support/Gateway.ts"
import { managementKey } from "../../support/ManagementKey.ts"
import * as Api from "../Api.ts"
import * as Routes from "./Routes.ts"

const wrong: ReadonlyArray<Readonly<Record<string, string>>> = [
  {},
  { authorization: "" },
  { authorization: "Bearer " },
  { authorization: "Bearer wrong-key-of-the-tests-abcd" },
  { authorization: `Bearer ${managementKey}x` },
  { authorization: `Bearer ${managementKey.slice(1)}` },
  { authorization: `Bearer ${managementKey.toUpperCase()}` },
  { authorization: managementKey },
  { authorization: `Basic ${Buffer.from(`:${managementKey}`).toString("base64")}` },
  { "x-api-key": managementKey }
]

layer(Api.onTwins(), Api.live)("the management key", (it) => {
  it.effect("is asked for by every route that is not there for everybody", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      assert.isAtLeast(Routes.guarded.length, 19)
      for (const { method, path } of Routes.guarded) {
        for (const headers of wrong) {
          const answer = yield* call(path, { method, headers })
          Api.failed(answer, 401, "unauthorized")
          assert.strictEqual(answer.headers.get("www-authenticate"), "Bearer")
          assert.notInclude(answer.text, managementKey)
        }
      }
    }))

  it.effect("is asked for before anything else of the request is looked at", () =>
    Effect.gen(function*() {
      const { call, manage } = yield* Gateway.Gateway
      const headers = { "content-type": "application/json" }
      const bodies = ["{", "null", "{\"slug\":\"made-by-nobody\"}", "x".repeat(2_000_000)]
      for (const body of bodies) {
        Api.failed(yield* call("/api/v1/integrations", { body, headers }), 401, "unauthorized")
      }
      Api.failed(yield* call("/api/v1/integrations", { body: "a=b" }), 401, "unauthorized")
      Api.failed(yield* call("/api/v1/events?limit=none"), 401, "unauthorized")
      const complete = { slug: "made-by-nobody", name: "n", provider: "hmac", secrets: ["s"] }
      const answer = yield* call("/api/v1/integrations", { body: JSON.stringify(complete), headers })
      Api.failed(answer, 401, "unauthorized")
      Api.failed(yield* manage("/integrations/made-by-nobody"), 404, "not_found")
    }))

  it.effect("opens every route, whatever it then answers", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      for (const { method, path } of Routes.guarded) {
        const answer = yield* call(path, { method, headers: { authorization: `Bearer ${managementKey}` } })
        assert.notInclude([401, 500], answer.status, `${method} ${path}: ${answer.text}`)
        assert.notInclude(answer.text, "under this method and path", `${method} ${path}`)
      }
    }))

  it.effect("is not asked for by health, and webhooks do not take it for a signature", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      yield* Gateway.integration("keyed", "http://127.0.0.1:9/hook")
      for (const { method, path } of Routes.free) assert.strictEqual((yield* call(path, { method })).status, 200)
      const headers = { authorization: `Bearer ${managementKey}` }
      Api.failed(yield* call("/api/v1/webhooks/keyed", { body: "{}", headers }), 401, "signature_invalid")
    }))
})
