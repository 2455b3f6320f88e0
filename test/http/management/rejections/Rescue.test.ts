import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Clock, DateTime, Effect, Option } from "effect"
import { createHmac } from "node:crypto"
import * as Client from "../../../support/Client.ts"
import * as Gateway from "../../../support/Gateway.ts"
import * as Api from "../../Api.ts"
import { ground, ids, last, mend, nowhere, wrongly } from "./Refused.ts"

const right = "whsec_the-sender-s-own"
const sign = (text: string, secret = right) => createHmac("sha256", secret).update(text).digest("hex")

const accept = (id: string) =>
  Effect.flatMap(Client.Clients, ({ operator }) => operator.rejections.accept({ path: { id } }))
const shown = (id: string) =>
  Effect.flatMap(Client.Clients, ({ operator }) => operator.rejections.get({ path: { id } }))

/** As if it had come in so many seconds earlier. */
const aged = (id: string, seconds: number) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) =>
      sql`UPDATE rejections SET received_at = received_at - ${seconds}::float8 * interval '1 second' WHERE id = ${id}`
  )

/** A webhook of Stripe, signed so many seconds ago. */
const stripe = Effect.fnUntraced(function*(slug: string, body: string, ago: number) {
  const { call } = yield* Gateway.Gateway
  const seconds = Math.floor((yield* Clock.currentTimeMillis) / 1_000) - ago
  const headers = {
    "content-type": "application/json",
    "stripe-signature": `t=${seconds},v1=${sign(`${seconds}.${body}`)}`
  }
  Api.failed(yield* call(`/api/v1/webhooks/${slug}`, { body, headers }), 401, "signature_invalid")
})

/** The reason of now for which one cannot be accepted. */
const conflict = (id: string) => Effect.map(Client.refused(accept(id), "conflict"), (error) => JSON.stringify(error))

layer(ground(), Api.live)("a rejection that is accepted", (it) => {
  it.effect("becomes an event of now by its own time of receipt, once its secret is there", () =>
    Effect.gen(function*() {
      const integrationId = yield* wrongly("shop", { provider: "stripe", secrets: ["whsec_wrong-one"] })
      const body = "{\"id\":\"evt_1\",\"type\":\"charge.succeeded\"}"
      yield* stripe("shop", body, 3_600)
      const id = yield* last(integrationId)
      assert.include(yield* conflict(id), "timestamp_too_old")
      yield* aged(id, 3_600)
      assert.include(yield* conflict(id), "signature_mismatch")
      yield* mend(integrationId, right)
      const before = yield* Clock.currentTimeMillis

      const accepted = yield* accept(id)
      assert.deepInclude(accepted, { status: "accepted", duplicate: false })
      const event = yield* Gateway.event(accepted.eventId)
      assert.deepInclude(event, { dedupeKey: "evt_1", type: "charge.succeeded", contentType: "application/json" })
      assert.strictEqual(event.deliveries.length, 1)
      assert.isAtLeast(DateTime.toEpochMillis(event.receivedAt), before - 1_000)
      const { call, manage } = yield* Gateway.Gateway
      assert.strictEqual((yield* manage(`/events/${accepted.eventId}/body`)).text, body)
      assert.strictEqual(yield* Gateway.audited("rejection.accepted", id), 1)

      const { acceptable, acceptedAt, eventId } = yield* shown(id)
      assert.deepStrictEqual([acceptable, acceptedAt === null, eventId], [false, false, accepted.eventId])
      assert.deepStrictEqual(yield* accept(id), { eventId: accepted.eventId, status: "duplicate", duplicate: true })
      assert.strictEqual(yield* Gateway.audited("rejection.accepted", id), 1)
      assert.strictEqual((yield* call("/api/v1/health")).status, 200)
    }))

  it.effect("is a duplicate where its provider has sent it again, or where accepting it broke off", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const sql = yield* SqlClient.SqlClient
      const integrationId = yield* wrongly("repository", { provider: "github", secrets: ["wrong"] })
      const body = "{\"action\":\"opened\"}"
      const sent = {
        body,
        headers: {
          "x-github-delivery": "d-1",
          "x-github-event": "issues",
          "x-hub-signature-256": `sha256=${sign(body)}`
        }
      }
      Api.failed(yield* call("/api/v1/webhooks/repository", sent), 401, "signature_invalid")
      yield* mend(integrationId, right)
      const id = yield* last(integrationId)
      const first = yield* accept(id)
      assert.strictEqual(first.status, "accepted")
      yield* sql`UPDATE rejections SET accepted_at = NULL, event_id = NULL WHERE id = ${id}`
      assert.deepStrictEqual(yield* accept(id), { eventId: first.eventId, status: "duplicate", duplicate: true })
      const again = yield* call("/api/v1/webhooks/repository", sent)
      assert.strictEqual(again.status, 200)
      assert.strictEqual((yield* Gateway.event(first.eventId)).duplicates, 2)
    }))

  it.effect("of a scheme that splits becomes as many events as it holds, also where no key is complete", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const sql = yield* SqlClient.SqlClient
      const scheme = {
        proofs: [{ kind: "hmac", at: [{ header: "x-signature" }] }],
        only: "$.events",
        split: true,
        unnamed: "moment",
        dedupe: [[{ item: "$.id" }]],
        type: [[{ item: "$.type" }]]
      }
      const integrationId = yield* wrongly("batches", { provider: "custom", scheme, secrets: ["wrong"] })
      const body = "{\"events\":[{\"id\":\"a\",\"type\":\"x\"},{\"type\":\"y\"},{\"id\":\"c\"}]}"
      yield* call("/api/v1/webhooks/batches/behind?q=1", { body, headers: { "x-signature": sign(body) } })
      yield* mend(integrationId, right)
      const id = yield* last(integrationId)
      const first = yield* accept(id)
      assert.deepStrictEqual(first.events?.map((_) => _.duplicate), [false, false, false])
      const events = yield* Effect.forEach(first.events ?? [], (_) => Gateway.event(_.eventId))
      assert.deepStrictEqual(events.map((_) => [_.type, _.path, _.query]), [
        ["x", "/behind", "q=1"],
        ["y", "/behind", "q=1"],
        [null, "/behind", "q=1"]
      ])
      yield* sql`UPDATE rejections SET accepted_at = NULL, event_id = NULL WHERE id = ${id}`
      const second = yield* accept(id)
      assert.deepStrictEqual(second.events?.map((_) => _.duplicate), [true, true, true])
    }))

  it.effect("may have carried its secret in a header, which was sealed", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const integrationId = yield* wrongly("tokens", { provider: "token", secrets: ["wrong"] })
      yield* call("/api/v1/webhooks/tokens", { body: "{}", headers: { "x-webhook-token": right, "x-own": "value" } })
      yield* mend(integrationId, right)
      const id = yield* last(integrationId)
      const { headers } = yield* shown(id)
      assert.deepStrictEqual([headers["x-webhook-token"], headers["x-own"]], ["<sealed>", "value"])
      const { eventId } = yield* accept(id)
      const event = yield* Gateway.event(eventId)
      assert.deepStrictEqual([event.headers["x-webhook-token"], event.headers["x-own"]], ["<sealed>", "value"])
    }))

  it.effect("is not held up by the limit of webhooks per minute for which it was refused", () =>
    Effect.gen(function*() {
      const { id, send } = yield* Gateway.integration("limited", nowhere, { rateLimitPerMinute: 1 })
      const statuses = yield* Effect.forEach(["1", "2", "3"], (key) => Effect.map(send(key), (_) => _.status))
      assert.deepStrictEqual(statuses, [202, 429, 429])
      yield* last(id, 2)
      const accepted = yield* Effect.forEach(yield* ids(id), accept)
      assert.deepStrictEqual(accepted.map((_) => _.status), ["accepted", "accepted"])
    }))

  it.effect("is one event, though two operators accept it at once", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const integrationId = yield* wrongly("contested", { provider: "hmac", secrets: ["wrong"] })
      yield* call("/api/v1/webhooks/contested", { body: "{}", headers: { "x-signature": sign("{}") } })
      yield* mend(integrationId, right)
      const id = yield* last(integrationId)
      const answers = yield* Effect.all(Array.from({ length: 5 }, () => accept(id)), { concurrency: 5 })
      assert.strictEqual(new Set(answers.map((_) => _.eventId)).size, 1)
      assert.strictEqual(answers.filter((_) => !_.duplicate).length, 1)
    }))
})

layer(ground({ publicBaseUrl: Option.some("https://hooks.example") }), Api.live)(
  "a rejection that signs its URL",
  (it) => {
    it.effect("is accepted by the address that the gateway has by now", () =>
      Effect.gen(function*() {
        const { call } = yield* Gateway.Gateway
        const sql = yield* SqlClient.SqlClient
        const scheme = { proofs: [{ kind: "hmac", at: [{ header: "x-signature" }], content: ["{url}\n{raw}"] }] }
        const integrationId = yield* wrongly("urls", { provider: "custom", scheme, secrets: [right] })
        const headers = { "x-signature": sign("https://hooks.example/api/v1/webhooks/urls?a=b\n{}", "another") }
        yield* call("/api/v1/webhooks/urls?a=b", { body: "{}", headers })
        const id = yield* last(integrationId)
        // As it would be kept of a time before the address was configured.
        yield* sql`UPDATE rejections SET url = 'http://10.0.0.1:3000/api/v1/webhooks/urls?a=b' WHERE id = ${id}`
        assert.include(yield* conflict(id), "signature_mismatch")
        yield* mend(integrationId, "another")
        const { eventId } = yield* accept(id)
        assert.strictEqual((yield* Gateway.event(eventId)).query, "a=b")
      }))
  }
)

layer(ground({ maxWebhookBytes: 400_000 }), Api.live)("a rejection is not accepted", (it) => {
  it.effect("while its signature is still not believed, and the answer says why", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const { id: integrationId } = yield* Gateway.integration("forged", nowhere)
      for (const headers of [{}, { "x-signature": sign("{}", "an attacker's") }]) {
        yield* call("/api/v1/webhooks/forged", { body: "{}", headers })
      }
      yield* last(integrationId, 2)
      const [mismatch = "", missing = ""] = yield* ids(integrationId)
      assert.include(yield* conflict(mismatch), "signature_mismatch")
      assert.include(yield* conflict(missing), "signature_missing")
      assert.isTrue((yield* shown(mismatch)).acceptable)
      assert.deepStrictEqual((yield* Api.events("integration=forged")).data, [])
      assert.strictEqual(yield* Gateway.audited("rejection.accepted", mismatch), 0)
    }))

  it.effect("without its body, without its integration, or while that is disabled", () =>
    Effect.gen(function*() {
      const { call, manage } = yield* Gateway.Gateway
      const sql = yield* SqlClient.SqlClient
      const { id: integrationId, send } = yield* Gateway.integration("gone", nowhere)
      const path = "/api/v1/webhooks/gone"
      const obstacle = Effect.fnUntraced(function*(id: string) {
        const { acceptable, obstacle } = yield* shown(id)
        assert.isFalse(acceptable)
        assert.include(yield* conflict(id), obstacle ?? "nothing")
        return obstacle
      })
      yield* call(path, { body: "x".repeat(400_001) })
      assert.strictEqual(yield* obstacle(yield* last(integrationId, 1)), "Its body was too large to be read.")
      const large = "x".repeat(300_000)
      yield* call(path, { body: large, headers: { "x-signature": sign(large, Gateway.secret) + "00" } })
      assert.include(yield* obstacle(yield* last(integrationId, 2)), "was not kept")

      yield* manage(`/integrations/${integrationId}`, { status: "disabled" }, "PATCH")
      yield* send("meanwhile")
      const meanwhile = yield* last(integrationId, 3)
      assert.include(yield* obstacle(meanwhile), "disabled")
      yield* call(path)
      assert.include(yield* obstacle(yield* last(integrationId, 4)), "POST")
      yield* manage(`/integrations/${integrationId}`, { status: "active" }, "PATCH")
      assert.strictEqual((yield* accept(meanwhile)).status, "accepted")

      yield* call(path, { body: "{}" })
      const forged = yield* last(integrationId, 5)
      yield* manage(`/integrations/${integrationId}`, undefined, "DELETE")
      assert.include(yield* obstacle(forged), "deleted")

      yield* call("/api/v1/webhooks/never", { body: "{}" })
      const [unknown] = yield* Effect.repeat(
        sql<{ id: string }>`SELECT id FROM rejections WHERE integration_id IS NULL`,
        { until: (_) => _.length > 0 }
      )
      assert.include(yield* obstacle(unknown?.id ?? ""), "named no integration")
    }))

  it.effect("where it is a provider's handshake", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const integrationId = yield* wrongly("slack", { provider: "slack", secrets: ["wrong"] })
      const at = Math.floor((yield* Clock.currentTimeMillis) / 1_000)
      const body = "{\"type\":\"url_verification\",\"challenge\":\"abc\"}"
      const headers = { "x-slack-request-timestamp": `${at}`, "x-slack-signature": `v0=${sign(`v0:${at}:${body}`)}` }
      yield* call("/api/v1/webhooks/slack", { body, headers })
      yield* mend(integrationId, right)
      assert.include(yield* conflict(yield* last(integrationId)), "handshake")
      assert.deepStrictEqual((yield* Api.events("integration=slack")).data, [])
    }))

  it.effect("by who has no key, nor where there is none", () =>
    Effect.gen(function*() {
      const nothing = "019ab1f0-0000-7000-8000-000000000000"
      yield* Client.guarded(({ rejections }) => rejections.accept({ path: { id: nothing } }))
      yield* Effect.forEach([nothing, "no-id"], (id) => Client.refused(accept(id), "not_found"))
    }))
})
