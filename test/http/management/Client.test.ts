// @effect-diagnostics strictEffectProvide:off
import { FetchHttpClient, HttpApiClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { assert, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { ManagementApi } from "../../../src/http/management/ManagementApi.ts"
import * as Gateway from "../../support/Gateway.ts"
import { managementKey } from "../../support/ManagementKey.ts"
import * as Api from "../Api.ts"

const clientWith = (key: string) =>
  Effect.flatMap(Gateway.Gateway, ({ base }) =>
    HttpApiClient.make(ManagementApi, {
      baseUrl: base,
      transformClient: HttpClient.mapRequest(HttpClientRequest.bearerToken(key))
    })).pipe(Effect.provide(FetchHttpClient.layer))

layer(Api.onTwins(), Api.live)("the typed client", (it) => {
  it.effect("makes an integration, lists it, and reads what came in for it", () =>
    Effect.gen(function*() {
      const client = yield* clientWith(managementKey)
      const { call } = yield* Gateway.Gateway
      const made = yield* client.integrations.create({
        payload: {
          slug: "typed",
          name: "Typed",
          provider: "hmac",
          secrets: [Redacted.make(Gateway.secret)],
          callbackUrl: "http://127.0.0.1:9/hook"
        }
      })
      const listed = yield* client.integrations.list({ urlParams: { limit: 10 } })
      assert.deepStrictEqual(listed.data.map((_) => _.id), [made.id])
      assert.isString(made.destinations[0]?.signingSecret)

      const { eventId } = yield* Gateway.accepted(yield* call("/api/v1/webhooks/typed", Api.webhook("\0\u00ff")))
      const event = yield* client.events.get({ path: { id: eventId } })
      assert.strictEqual(event.integrationId, made.id)
      const body = yield* client.events.body({ path: { id: eventId } })
      assert.deepStrictEqual(new Uint8Array(body), new TextEncoder().encode("\0\u00ff"))
      const health = yield* client.health.report()
      assert.strictEqual(health.status, "ok")
      yield* client.integrations.remove({ path: { id: made.id } })
      assert.deepStrictEqual((yield* client.integrations.list({ urlParams: { limit: 10 } })).data, [])
    }))

  it.effect("gives the gateway's errors as values", () =>
    Effect.gen(function*() {
      const client = yield* clientWith(managementKey)
      const missing = yield* Effect.flip(client.integrations.get({ path: { id: "nobody" } }))
      assert.nestedPropertyVal(missing, "error.code", "not_found")
      const invalid = yield* Effect.flip(client.destinations.update({
        path: { id: "019ab1f0-0000-7000-8000-000000000000" },
        payload: { url: "http://10.0.0.1/" }
      }))
      assert.nestedPropertyVal(invalid, "error.code", "validation_failed")
      assert.nestedPropertyVal(invalid, "error.details[0].path", "url")
      const stranger = yield* clientWith("a-key-that-is-wrong")
      const refused = yield* Effect.flip(stranger.integrations.list({ urlParams: { limit: 1 } }))
      assert.nestedPropertyVal(refused, "error.code", "unauthorized")
    }))
})
