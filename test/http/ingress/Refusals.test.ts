import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { eventually } from "../../support/Eventually.ts"
import * as Gateway from "../../support/Gateway.ts"
import * as Api from "../Api.ts"

const nowhere = "http://127.0.0.1:9/hook"

interface Rejection {
  readonly reason: string
  readonly detail: string
  readonly method: string
  readonly url: string
  readonly body: Buffer | null
  readonly body_size: number
}

const rejections = Effect.fnUntraced(function*(integrationId: string) {
  const sql = yield* SqlClient.SqlClient
  return yield* sql<Rejection>`
    SELECT reason, detail, method, url, body, body_size FROM rejections WHERE integration_id = ${integrationId}`
})

const firstRejection = (integrationId: string) =>
  Effect.map(eventually(rejections(integrationId), (_) => _.length > 0), ([first]) => first)

layer(Api.onTwins(), Api.live)("a webhook that is not believed", (it) => {
  const refused: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    signature_missing: {},
    signature_malformed: { "x-signature": "not hex" },
    signature_mismatch: { "x-signature": Api.signature("{}", "another secret") }
  }

  for (const [reason, headers] of Object.entries(refused)) {
    it.effect(`gets 401, and is kept under the reason ${reason} with its bytes`, () =>
      Effect.gen(function*() {
        const { base, call } = yield* Gateway.Gateway
        const slug = reason.replace("_", "-")
        const { id } = yield* Gateway.integration(slug, nowhere)
        const { message } = Api.failed(
          yield* call(`/api/v1/webhooks/${slug}?a=b`, { body: "{}", headers }),
          401,
          "signature_invalid"
        )
        const kept = yield* firstRejection(id)
        assert.deepInclude(kept, {
          reason,
          detail: message,
          method: "POST",
          url: `${base}/api/v1/webhooks/${slug}?a=b`,
          body_size: 2
        })
        assert.strictEqual(kept?.body?.toString(), "{}")
        assert.deepStrictEqual((yield* Api.events(`integration=${slug}`)).data, [])
      }))
  }

  it.effect("gets 401 when its timestamp is too old, with that as the reason", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const { id } = yield* Gateway.integration("stale", nowhere, {
        provider: "stripe",
        secrets: ["whsec_one"],
        dedupe: undefined
      })
      const seconds = Math.floor((yield* Clock.currentTimeMillis) / 1_000) - 301
      const headers = { "stripe-signature": `t=${seconds},v1=${Api.signature(`${seconds}.{}`)}` }
      Api.failed(yield* call("/api/v1/webhooks/stale", { body: "{}", headers }), 401, "signature_invalid")
      assert.strictEqual((yield* firstRejection(id))?.reason, "timestamp_too_old")
    }))

  it.effect("leaves its size but not its bytes when it is large", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const { id } = yield* Gateway.integration("large-refused", nowhere)
      yield* call("/api/v1/webhooks/large-refused", { body: "x".repeat(300_000) })
      assert.deepInclude(yield* firstRejection(id), { body: null, body_size: 300_000 })
    }))

  it.effect("leaves at most ten rows a minute, however often it comes", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const flooded = yield* Gateway.integration("flooded", nowhere)
      const other = yield* Gateway.integration("not-flooded", nowhere)
      const minute = Effect.map(Clock.currentTimeMillis, (_) => Math.floor(_ / 60_000))
      const before = yield* minute
      const answers = yield* Effect.forEach(
        Array.from({ length: 100 }, (_, index) => `{"n":${index}}`),
        (body) => call("/api/v1/webhooks/flooded", { body }),
        { concurrency: 20 }
      )
      for (const answer of answers) Api.failed(answer, 401, "signature_invalid")
      const minutes = (yield* minute) - before + 1
      // They are written in the order they came, so with this one all of them have been.
      yield* call("/api/v1/webhooks/not-flooded", { body: "{}" })
      yield* firstRejection(other.id)
      const { length } = yield* rejections(flooded.id)
      assert.isAtLeast(length, 10)
      assert.isAtMost(length, 10 * minutes)
    }))
})

layer(Api.onTwins(), Api.live)("an integration that is not there", (it) => {
  it.effect("gets 404 for a webhook, whatever its name looks like", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const names = ["unknown", "019ab1f0-0000-7000-8000-000000000000", "UPPER", "a".repeat(64), "a".repeat(65), "%00"]
      for (const name of [...names, "a".repeat(2_000), "%ZZ", "%F0%9F%98%80", ";--", "a%27"]) {
        Api.failed(yield* call(`/api/v1/webhooks/${name}`, Api.webhook("{}")), 404, "not_found")
      }
    }))

  it.effect("gets 404 while it is disabled and at once, and is itself again when it is not", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const { id, send } = yield* Gateway.integration("switched", nowhere)
      assert.strictEqual((yield* send("one")).status, 202)
      yield* manage(`/integrations/${id}`, { status: "disabled" }, "PATCH")
      Api.failed(yield* send("two"), 404, "not_found")
      yield* manage(`/integrations/${id}`, { status: "active" }, "PATCH")
      assert.strictEqual((yield* send("two")).status, 202)
    }))

  it.effect("gets 404 once it is deleted, and its name is free for another", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const { id, send } = yield* Gateway.integration("deleted", nowhere)
      yield* send("one")
      assert.strictEqual((yield* manage(`/integrations/${id}`, undefined, "DELETE")).status, 200)
      Api.failed(yield* send("two"), 404, "not_found")
      // What was received under it stays to be looked at, by its id.
      assert.strictEqual((yield* Api.events(`integration=${id}`)).data.length, 1)
      assert.strictEqual((yield* manage("/events?integration=deleted")).status, 404)
      const next = yield* Gateway.integration("deleted", nowhere)
      const answer = yield* next.send("one")
      assert.strictEqual(answer.status, 202)
    }))

  it.effect("is found the moment it is made, although it was asked for just before", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      Api.failed(yield* call("/api/v1/webhooks/awaited", Api.webhook("{}")), 404, "not_found")
      const { send } = yield* Gateway.integration("awaited", nowhere)
      assert.strictEqual((yield* send("one")).status, 202)
    }))
})
