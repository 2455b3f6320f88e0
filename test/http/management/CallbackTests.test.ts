import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Array, Clock, Duration, Effect } from "effect"
import { createHmac } from "node:crypto"
import * as Callback from "../../support/Callback.ts"
import { Clients, guarded, onTwins, refused } from "../../support/Client.ts"
import * as Gateway from "../../support/Gateway.ts"
import * as Api from "../Api.ts"

const nobody = { id: "019ab1f0-0000-7000-8000-000000000000" }

/** A destination that nothing is sent to but tests. */
const destination = Effect.fnUntraced(function*(slug: string, url: string) {
  const { destinations, id } = yield* Gateway.integration(slug, url)
  const [{ id: destinationId, signingSecret }] = yield* Effect.filterOrDieMessage(
    Effect.succeed(destinations),
    Array.isNonEmptyReadonlyArray,
    "no destination"
  )
  return { integrationId: id, path: { id: destinationId }, signingSecret }
})

/** The signature that the Standard Webhooks specification asks for. */
const signature = (secret: string, headers: Readonly<Record<string, string>>, body: string) =>
  `v1,${
    createHmac("sha256", Buffer.from(secret.replace("whsec_", ""), "base64"))
      .update(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`).digest("base64")
  }`

layer(onTwins({ deliveryTimeout: Duration.millis(400) }), Api.live)("testing a destination", (it) => {
  it.scoped("sends what a delivery would send, signed, and tells what came back", () =>
    Effect.gen(function*() {
      const { operator: client } = yield* Clients
      const callback = yield* Callback.make
      yield* callback.answer((response) => response.writeHead(201).end("thank you"))
      const { path, signingSecret } = yield* destination("tested", callback.url)
      const result = yield* client.destinations.test({ path, payload: {} })
      assert.deepInclude<object>(result, {
        outcome: "success",
        httpStatus: 201,
        error: null,
        responseBody: "thank you"
      })
      assert.isAtMost(result.durationMs, 400)
      const [received, ...more] = callback.received
      assert.deepStrictEqual(more, [])
      const headers = Callback.headersOf(received)
      assert.deepInclude(headers, {
        "sluice-test": "true",
        "sluice-attempt": "1",
        "sluice-integration": "tested",
        "content-type": "application/json",
        "webhook-id": headers["sluice-event-id"]
      })
      const body = received?.body.toString() ?? ""
      assert.strictEqual(headers["webhook-signature"], signature(signingSecret, headers, body))
      assert.isAtMost(Math.abs(Number(headers["webhook-timestamp"]) - (yield* Clock.currentTimeMillis) / 1_000), 5)
      assert.deepInclude<object>(JSON.parse(body), { type: "sluice.test", test: true })
    }))

  it.scoped("names the type that was asked for, or sends the body that was given", () =>
    Effect.gen(function*() {
      const { operator: client } = yield* Clients
      const callback = yield* Callback.make
      const { path } = yield* destination("shaped", callback.url)
      yield* client.destinations.test({ path, payload: { type: "invoice.paid" } })
      yield* client.destinations.test({ path, payload: { body: "{ \"id\": \"é\" }" } })
      const [typed = "", given] = callback.received.map((_) => _.body.toString())
      assert.propertyVal(JSON.parse(typed), "type", "invoice.paid")
      assert.strictEqual(given, "{ \"id\": \"é\" }")
    }))

  it.scoped("is possible while it is paused or disabled, and leaves nothing behind but the audit", () =>
    Effect.gen(function*() {
      const { operator: client } = yield* Clients
      const sql = yield* SqlClient.SqlClient
      const callback = yield* Callback.make
      yield* callback.answer(Callback.status(410))
      const { integrationId, path } = yield* destination("resting", callback.url)
      const status = (status: "active" | "disabled") => client.destinations.update({ path, payload: { status } })
      for (const rest of [client.destinations.pause({ path }), status("disabled"), status("active")]) {
        const { status } = yield* rest
        const result = yield* client.destinations.test({ path, payload: {} })
        assert.deepInclude<object>(result, {
          outcome: "failure",
          httpStatus: 410,
          error: "HTTP 410",
          responseBody: "no"
        })
        assert.strictEqual((yield* client.destinations.get({ path })).status, status)
      }
      assert.strictEqual(yield* Gateway.audited("destination.tested", path.id), 3)
      const left = yield* sql`
        SELECT (SELECT count(*)::int FROM events WHERE integration_id = ${integrationId}) AS events,
          (SELECT count(*)::int FROM deliveries WHERE destination_id = ${path.id}) AS deliveries,
          (SELECT count(*)::int FROM attempts) AS attempts,
          (SELECT count(*)::int FROM destination_troubles WHERE destination_id = ${path.id}) AS troubles`
      assert.deepStrictEqual([...left], [{ events: 0, deliveries: 0, attempts: 0, troubles: 0 }])
    }))

  it.scoped("tells of a callback that does not answer, in the time that a delivery has", () =>
    Effect.gen(function*() {
      const { operator: client } = yield* Clients
      const callback = yield* Callback.make
      yield* callback.answer(() => undefined)
      const { path } = yield* destination("silent", callback.url)
      const { durationMs, error, ...result } = yield* client.destinations.test({ path, payload: {} })
      assert.deepStrictEqual(result, { outcome: "failure", httpStatus: null, responseBody: null })
      assert.match(error ?? "", /^timeout: /)
      assert.isAtLeast(durationMs, 390)
      const closed = yield* destination("closed", "http://127.0.0.1:9/hook")
      const refused = yield* client.destinations.test({ path: closed.path, payload: {} })
      assert.match(refused.error ?? "", /^connection: /)
    }))

  it.scoped("shows four kilobytes of an answer", () =>
    Effect.gen(function*() {
      const { operator: client } = yield* Clients
      const callback = yield* Callback.make
      yield* callback.answer((response) => response.writeHead(500).end("x".repeat(50_000)))
      const { path } = yield* destination("talkative", callback.url)
      const { responseBody } = yield* client.destinations.test({ path, payload: {} })
      assert.strictEqual(responseBody, "x".repeat(4_096))
    }))

  it.scoped("does not dial an address that callbacks may not reach, though it was saved", () =>
    Effect.gen(function*() {
      const { operator: client } = yield* Clients
      const sql = yield* SqlClient.SqlClient
      const { path } = yield* destination("moved", "http://127.0.0.1:9/hook")
      yield* sql`UPDATE destinations SET url = 'http://169.254.169.254/latest' WHERE id = ${path.id}`
      const { error, httpStatus, outcome } = yield* client.destinations.test({ path, payload: {} })
      assert.deepStrictEqual([outcome, httpStatus], ["failure", null])
      assert.match(error ?? "", /^address_refused: /)
    }))

  it.scoped("is limited to so many at a time, and a minute", () =>
    Effect.gen(function*() {
      const { operator: client } = yield* Clients
      const slow = yield* Callback.make
      yield* slow.answer(() => undefined)
      const { path } = yield* destination("crowded", slow.url)
      const outcomes = yield* Effect.forEach(
        Array.range(1, 12),
        () => Effect.either(client.destinations.test({ path, payload: {} })),
        { concurrency: "unbounded" }
      )
      const refused = outcomes.filter((_) => _._tag === "Left")
      assert.isAtLeast(refused.length, 1)
      for (const { left } of refused) assert.nestedPropertyVal(left, "error.code", "rate_limited")
      assert.isAtMost(slow.received.length, 8)

      const quick = yield* Callback.make
      const { path: other } = yield* destination("eager", quick.url)
      const many = yield* Effect.forEach(
        Array.range(1, 50),
        () => Effect.either(client.destinations.test({ path: other, payload: {} })),
        { concurrency: 4 }
      )
      const over = many.filter((_) => _._tag === "Left")
      assert.isAtLeast(over.length, 1)
      for (const { left } of over) assert.nestedPropertyVal(left, "error.code", "rate_limited")
      assert.strictEqual(quick.received.length, 50 - over.length)
      assert.strictEqual(yield* Gateway.audited("destination.tested", other.id), 50 - over.length)
    }))

  it.effect("is refused for what is not there or makes no sense, and to whoever has no key", () =>
    Effect.gen(function*() {
      const { operator: client } = yield* Clients
      yield* refused(client.destinations.test({ path: nobody, payload: {} }), "not_found")
      const { path } = yield* destination("guarded", "http://127.0.0.1:9/hook")
      yield* guarded((_) => _.destinations.test({ path, payload: {} }))
      const { manage } = yield* Gateway.Gateway
      for (const [body, at] of [[{ type: "" }, "type"], [{ body: {} }, "body"], [{ url: "x" }, "url"]] as const) {
        assert.deepStrictEqual(Api.complaints(yield* manage(`/destinations/${path.id}/test`, body)), [at])
      }
      yield* client.destinations.remove({ path })
      yield* refused(client.destinations.test({ path, payload: {} }), "not_found")
    }))
})
