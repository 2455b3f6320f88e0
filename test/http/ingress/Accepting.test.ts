import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Array, Clock, Effect, Fiber } from "effect"
import { eventually } from "../../support/Eventually.ts"
import * as Gateway from "../../support/Gateway.ts"
import * as LockedTable from "../../support/LockedTable.ts"
import * as Api from "../Api.ts"

const nowhere = "http://127.0.0.1:9/hook"

layer(Api.onTwins(), Api.live)("a webhook", (it) => {
  it.effect("is answered 202 with its event's id, under which it stands in the database by then", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { send } = yield* Gateway.integration("accepted", nowhere)
      const answer = yield* send("one")
      const { eventId } = yield* Gateway.accepted(answer)
      const stored = yield* sql`
        SELECT event_id FROM events e JOIN event_bodies b ON b.event_id = e.id JOIN deliveries d USING (event_id)
        WHERE e.id = ${eventId}`
      assert.strictEqual(answer.status, 202)
      assert.strictEqual(answer.headers.get("content-type"), "application/json")
      assert.deepStrictEqual(answer.json, { eventId, status: "accepted", duplicate: false })
      assert.strictEqual(stored.length, 1)
    }))

  it.effect("that comes again is answered 200 with the first one's event, which counts it", () =>
    Effect.gen(function*() {
      const { send } = yield* Gateway.integration("again", nowhere)
      const { eventId } = yield* Gateway.accepted(yield* send("one"))
      const again = yield* send("one", "{\"another\":\"body\"}")
      assert.strictEqual(again.status, 200)
      assert.deepStrictEqual(again.json, { eventId, status: "duplicate", duplicate: true })
      const event = yield* Gateway.event(eventId)
      assert.strictEqual(event.duplicates, 1)
      assert.strictEqual(event.deliveries.length, 1)
    }))

  it.effect("that comes fifty times at once is one event with 49 duplicates", () =>
    Effect.gen(function*() {
      const { send } = yield* Gateway.integration("fifty", nowhere)
      const answers = yield* Effect.all(Array.replicate(send("one"), 50), { concurrency: "unbounded" })
      const told = yield* Effect.forEach(answers, Gateway.accepted)
      assert.deepStrictEqual(
        answers.map((_) => _.status).toSorted((a, b) => a - b),
        [...Array.replicate(200, 49), 202]
      )
      assert.strictEqual(told.filter((_) => _.duplicate).length, 49)
      assert.strictEqual(new Set(told.map((_) => _.eventId)).size, 1)
      const { data } = yield* Api.events("integration=fifty")
      assert.deepStrictEqual(data.map((_) => _.duplicates), [49])
    }))

  it.effect("with the same id for two integrations is two events", () =>
    Effect.gen(function*() {
      const one = yield* Gateway.integration("twin-one", nowhere)
      const other = yield* Gateway.integration("twin-other", nowhere)
      const first = yield* Gateway.accepted(yield* one.send("same"))
      const answer = yield* other.send("same")
      assert.strictEqual(answer.status, 202)
      assert.notStrictEqual((yield* Gateway.accepted(answer)).eventId, first.eventId)
    }))

  it.effect("without an id of its own is known by its bytes", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      yield* Gateway.integration("hashed", nowhere)
      const post = (body: string) => call("/api/v1/webhooks/hashed", Api.webhook(body))
      const answers = yield* Effect.forEach(["{\"n\":1}", "{\"n\":1}", "{\"n\":1} "], post)
      assert.deepStrictEqual(answers.map((_) => _.status), [202, 200, 202])
    }))

  it.effect("finds its integration by id too", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const { id } = yield* Gateway.integration("by-id", nowhere)
      const answer = yield* call(`/api/v1/webhooks/${id}`, Api.webhook("{}"))
      assert.strictEqual(answer.status, 202)
    }))

  it.scoped("is believed right after its integration was made, however long its secret takes to be read", () =>
    Effect.gen(function*() {
      const made = yield* Clock.currentTimeMillis
      const { send } = yield* Gateway.integration("slowly-read", nowhere)
      const { unlock, waiting } = yield* LockedTable.lock("integration_secrets")
      const sentAt = yield* Clock.currentTimeMillis
      const sent = yield* Effect.fork(send("one"))
      yield* eventually(waiting, (_) => _ > 0)
      // So long that the secret would not be valid yet, if this time counted.
      yield* eventually(Clock.currentTimeMillis, (now) => now - sentAt > sentAt - made + 100)
      yield* unlock
      const answer = yield* Fiber.join(sent)
      assert.strictEqual(answer.status, 202, answer.text)
    }))

  it.effect("is answered as its integration says, the first time and again", () =>
    Effect.gen(function*() {
      const { send } = yield* Gateway.integration("custom", nowhere, {
        response: { status: 201, body: "<Response/>", contentType: "text/xml" }
      })
      for (const answer of [yield* send("one"), yield* send("one")]) {
        assert.strictEqual(answer.status, 201)
        assert.strictEqual(answer.headers.get("content-type"), "text/xml")
        assert.strictEqual(answer.text, "<Response/>")
      }
      const { data } = yield* Api.events("integration=custom")
      assert.deepStrictEqual(data.map((_) => _.duplicates), [1])
    }))

  it.effect("is not believed because its integration has an answer of its own", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      yield* Gateway.integration("custom-refused", nowhere, {
        response: { status: 200, body: "ok", contentType: "text/plain" }
      })
      Api.failed(
        yield* call("/api/v1/webhooks/custom-refused", { body: "{}", headers: { "x-signature": "00" } }),
        401,
        "signature_invalid"
      )
    }))
})
