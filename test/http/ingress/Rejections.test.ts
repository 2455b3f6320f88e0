import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { eventually } from "../../support/Eventually.ts"
import * as Gateway from "../../support/Gateway.ts"
import * as Api from "../Api.ts"
import * as Wire from "../Wire.ts"

const nowhere = "http://127.0.0.1:9/hook"
const limit = 10_000

interface Row {
  readonly integration_id: string | null
  readonly reason: string
  readonly detail: string
  readonly method: string
  readonly url: string
  readonly path: string
  readonly headers: Readonly<Record<string, ReadonlyArray<string>>>
  readonly body: Buffer | null
  readonly body_size: number | null
}

const kept = Effect.fnUntraced(function*(where: string) {
  const sql = yield* SqlClient.SqlClient
  return yield* sql.unsafe<Row>(`SELECT * FROM rejections WHERE ${where} ORDER BY id`)
})

/** The first that is kept of an integration, or of a reason. */
const first = (where: string) => Effect.map(eventually(kept(where), (_) => _.length > 0), ([row]) => row)

const of = (id: string) => `integration_id = '${id}'`

layer(Api.onTwins({ maxWebhookBytes: limit, bodyTimeout: Duration.millis(300) }), Api.live)(
  "a refused request",
  (it) => {
    it.effect("for an integration that is not there leaves its name, and nothing that may be secret", () =>
      Effect.gen(function*() {
        const { call } = yield* Gateway.Gateway
        const name = `typo-${"x".repeat(80)}`
        const answer = yield* call(`/api/v1/webhooks/${name}/secret-path?token=secret-query`, {
          body: "secret body",
          headers: { "x-signature": "secret signature", authorization: "Bearer secret", "user-agent": "a-provider/1" }
        })
        Api.failed(answer, 404, "not_found")
        const row = yield* first("reason = 'integration_unknown'")
        assert.deepInclude(row, { method: "POST", body: null, body_size: null, path: "", integration_id: null })
        assert.strictEqual(row?.url, `/api/v1/webhooks/${name.slice(0, 64)}…`)
        assert.deepStrictEqual(row?.headers["user-agent"], ["a-provider/1"])
        assert.deepStrictEqual(row?.headers["x-signature"], [])
        assert.notInclude(JSON.stringify(row), "secret")
      }))

    it.effect("for a disabled integration is kept whole, and its sender learns no more than of one that is not there", () =>
      Effect.gen(function*() {
        const { call, manage } = yield* Gateway.Gateway
        const { id, send } = yield* Gateway.integration("off", nowhere)
        yield* manage(`/integrations/${id}`, { status: "disabled" }, "PATCH")
        const refused = Api.failed(yield* send("one"), 404, "not_found")
        const unknown = Api.failed(yield* call("/api/v1/webhooks/not-there", { body: "{}" }), 404, "not_found")
        assert.strictEqual(refused.message, unknown.message)
        const row = yield* first(of(id))
        assert.deepInclude(row, { reason: "integration_disabled", body_size: 12 })
        assert.strictEqual(row?.body?.toString(), "{\"id\":\"one\"}")
        Api.failed(yield* call("/api/v1/webhooks/off", { body: "x".repeat(limit + 1) }), 404, "not_found")
        Api.failed(yield* call("/api/v1/webhooks/off?hub.verify_token=secret"), 404, "not_found")
        const rows = yield* eventually(kept(of(id)), (_) => _.length === 3)
        assert.deepStrictEqual(rows.map((_) => [_.reason, _.method, _.body_size]), [
          ["integration_disabled", "POST", 12],
          ["integration_disabled", "POST", null],
          ["integration_disabled", "GET", null]
        ])
        assert.notInclude(JSON.stringify(rows), "secret")
      }))

    it.scoped("that is too large leaves its length, where it was declared", () =>
      Effect.gen(function*() {
        const { call } = yield* Gateway.Gateway
        const { id } = yield* Gateway.integration("large", nowhere)
        Api.failed(yield* call("/api/v1/webhooks/large", { body: "x".repeat(limit + 1) }), 413, "payload_too_large")
        assert.deepInclude(yield* first(of(id)), {
          reason: "body_too_large",
          detail: `The body is larger than ${limit} bytes.`,
          body: null,
          body_size: limit + 1
        })
        const wire = yield* Wire.open
        yield* wire.write("POST /api/v1/webhooks/large HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n")
        yield* wire.write(`${(limit + 1).toString(16)}\r\n${"x".repeat(limit + 1)}\r\n0\r\n\r\n`)
        const [answer] = yield* wire.answers(1)
        assert.strictEqual(answer?.status, 413)
        const rows = yield* eventually(kept(of(id)), (_) => _.length === 2)
        assert.deepStrictEqual(rows.map((_) => [_.reason, _.body_size]), [
          ["body_too_large", limit + 1],
          ["body_too_large", null]
        ])
      }))

    it.scoped("whose body does not come in time is kept without it", () =>
      Effect.gen(function*() {
        const { id } = yield* Gateway.integration("slow", nowhere)
        const wire = yield* Wire.open
        yield* wire.write("POST /api/v1/webhooks/slow HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\nonly this")
        const [answer] = yield* wire.answers(1)
        assert.strictEqual(answer?.status, 408)
        assert.deepInclude(yield* first(of(id)), { reason: "body_too_slow", body: null, body_size: 100 })
      }))

    it.effect("over the limit of webhooks per minute is kept with its bytes, its path and its query", () =>
      Effect.gen(function*() {
        const { base, call } = yield* Gateway.Gateway
        const { id, send } = yield* Gateway.integration("limited", nowhere, { rateLimitPerMinute: 1 })
        assert.strictEqual((yield* send("one")).status, 202)
        const over = yield* call("/api/v1/webhooks/limited/a/b?c=d", Api.webhook("{\"n\":2}"))
        Api.failed(over, 429, "rate_limited")
        const row = yield* first(of(id))
        assert.deepInclude(row, {
          reason: "rate_limited",
          detail: "The integration's limit of 1 webhooks per minute was used up.",
          path: "/a/b",
          url: `${base}/api/v1/webhooks/limited?c=d`
        })
        assert.strictEqual(row?.body?.toString(), "{\"n\":2}")
      }))

    it.effect("that is a handshake leaves neither its query nor its body", () =>
      Effect.gen(function*() {
        const { call, manage } = yield* Gateway.Gateway
        const fields = { slug: "meta", name: "m", provider: "meta", secrets: ["a-secret"], verifyToken: "right-one" }
        assert.strictEqual((yield* manage("/integrations", fields)).status, 201)
        const query = "hub.mode=subscribe&hub.verify_token=other-token&hub.challenge=1"
        Api.failed(yield* call(`/api/v1/webhooks/meta?${query}`), 401, "signature_invalid")
        const row = yield* first("reason = 'handshake_refused'")
        assert.deepInclude(row, { method: "GET", body: null, body_size: 0 })
        assert.notInclude(JSON.stringify(row), "other-token")
      }))
  }
)
