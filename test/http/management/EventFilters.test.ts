import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { EventStatus } from "../../../src/domain/Event.ts"
import { EventId } from "../../../src/domain/Ids.ts"
import * as Ids from "../../../src/services/Ids.ts"
import { EventStore } from "../../../src/services/store/EventStore.ts"
import { Vault } from "../../../src/services/Vault.ts"
import * as Gateway from "../../support/Gateway.ts"
import * as Rows from "../../support/Rows.ts"
import * as Api from "../Api.ts"

const withStores = Layer.merge(EventStore.layer, Vault.layer).pipe(Layer.provideMerge(Api.onTwins()))

/** What the states of an event's deliveries come to. */
const statuses: Readonly<Record<EventStatus, ReadonlyArray<ReadonlyArray<string>>>> = {
  unrouted: [[]],
  pending: [["pending"], ["queued"], ["held"], ["pending", "queued"], ["queued", "cancelled"]],
  delivering: [["delivering"], ["retrying"], ["delivered", "pending"], ["delivered", "held"], ["retrying", "queued"]],
  delivered: [["delivered"], ["delivered", "delivered"], ["delivered", "cancelled"]],
  failed: [["dead"], ["cancelled"], ["dead", "delivered"], ["dead", "queued"], ["cancelled", "cancelled"], [
    "dead",
    "retrying"
  ]]
}

const isStatus = (text: string): text is EventStatus => text in statuses

const tried = new Set(["delivering", "retrying", "delivered", "dead"])
const due = new Set(["pending", "queued", "delivering", "retrying"])
const failed = new Set(["dead", "cancelled"])

/** An event whose deliveries are in these states, as the workers would leave them. */
const eventIn = Effect.fnUntraced(function*(states: ReadonlyArray<string>) {
  const sql = yield* SqlClient.SqlClient
  const to = yield* Effect.forEach(states, () => Rows.destination())
  const event = Rows.newEvent(to)
  yield* (yield* EventStore).insert([event])
  for (const [index, state] of states.entries()) {
    yield* sql`
      UPDATE deliveries SET state = ${state}, attempt_count = ${tried.has(state) ? 1 : 0},
        due_at = CASE WHEN ${due.has(state)} THEN now() END, held_at = CASE WHEN ${state === "held"} THEN now() END,
        failed_at = CASE WHEN ${failed.has(state)} THEN now() END
      WHERE id = ${event.deliveries[index]?.id ?? ""}`
  }
  return event.id
})

const ids = (query: string) => Effect.map(Api.events(query), ({ data }) => data.map((_) => _.id as string))

layer(withStores, Api.live)("events", (it) => {
  it.effect("have the status that their deliveries come to, and are found by it", () =>
    Effect.gen(function*() {
      const all: Array<string> = []
      for (const [status, examples] of Object.entries(statuses)) {
        const made = yield* Effect.forEach(examples, eventIn)
        const found = yield* Api.events(`status=${status}`)
        assert.sameMembers(found.data.map((_) => _.id as string), made, status)
        assert.deepStrictEqual(found.data.filter((_) => !isStatus(status) || _.status !== status), [])
        all.push(...made)
      }
      const { data } = yield* Api.events("limit=200")
      assert.sameMembers(data.map((_) => _.id as string), all)
    }))

  it.effect("are found from a moment on, up to another", () =>
    Effect.gen(function*() {
      const noon = Date.parse("2026-03-29T12:00:00.500Z")
      const to = yield* Rows.destination()
      const made = [-3_600_000, -1, 0, 1, 3_600_000].map((offset) =>
        Rows.newEvent([to], { id: EventId.make(Ids.at(noon + offset)), receivedAt: noon + offset })
      )
      yield* (yield* EventStore).insert(made)
      const within = (query: string) =>
        Effect.map(ids(`integration=${to.integrationId}&${query}`), (found) =>
          made.flatMap(({ id }, index) => found.includes(id) ? [index] : []))
      const at = "2026-03-29T12:00:00.500Z"
      assert.deepStrictEqual(yield* within(""), [0, 1, 2, 3, 4])
      assert.deepStrictEqual(yield* within(`from=${at}`), [2, 3, 4])
      assert.deepStrictEqual(yield* within(`to=${at}`), [0, 1])
      assert.deepStrictEqual(yield* within(`from=${at}&to=2026-03-29T12:00:00.501Z`), [2])
      assert.deepStrictEqual(yield* within("from=2026-03-29T14:00:00.501%2B02:00"), [3, 4])
      assert.deepStrictEqual(yield* within(`from=${at}&to=${at}`), [])
      assert.deepStrictEqual(yield* within("from=1960-01-01T00:00:00Z&to=9999-12-31T00:00:00Z"), [0, 1, 2, 3, 4])
      // The first and the last moment that JavaScript knows.
      const [first, last] = ["-271821-04-20T00:00:00Z", "%2B275760-09-13T00:00:00Z"]
      assert.deepStrictEqual(yield* within(`from=${first}&to=${last}`), [0, 1, 2, 3, 4])
      assert.deepStrictEqual(yield* within(`from=${last}`), [])
      assert.deepStrictEqual(yield* within(`to=${first}`), [])
    }))
})

layer(Api.onTwins(), Api.live)("events", (it) => {
  it.effect("are found by integration, type and dedupe key, and by all of them together", () =>
    Effect.gen(function*() {
      const more = { eventType: { jsonPath: "$.type" } }
      const one = yield* Gateway.integration("filter-one", "http://127.0.0.1:9/hook", more)
      const other = yield* Gateway.integration("filter-other", "http://127.0.0.1:9/hook", more)
      const send = (to: typeof one, key: string, type: string) =>
        Effect.map(Effect.flatMap(to.send(key, `{"type":"${type}"}`), Gateway.accepted), (_) => _.eventId)
      const a = yield* send(one, "key-1", "order.made")
      const b = yield* send(one, "key-2 & more", "order.paid")
      const c = yield* send(other, "key-1", "order.made")
      assert.deepStrictEqual(yield* ids("integration=filter-one"), [b, a])
      assert.deepStrictEqual(yield* ids(`integration=${other.id}`), [c])
      assert.deepStrictEqual(yield* ids("type=order.made"), [c, a])
      assert.deepStrictEqual(yield* ids("type=order.*"), [])
      assert.deepStrictEqual(yield* ids("dedupeKey=key-1"), [c, a])
      assert.deepStrictEqual(yield* ids("dedupeKey=key-2%20%26%20more"), [b])
      assert.deepStrictEqual(yield* ids("integration=filter-one&type=order.made&dedupeKey=key-1&status=pending"), [a])
      assert.deepStrictEqual(yield* ids("integration=filter-other&type=order.paid"), [])
    }))

  it.effect("of an integration that is not there are not found, and a filter that makes no sense is told", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      for (const unknown of ["nobody", "019ab1f0-0000-7000-8000-000000000000", "", "NOT A SLUG", "a".repeat(300)]) {
        Api.failed(yield* manage(`/events?integration=${unknown}`), 404, "not_found")
        Api.failed(yield* manage(`/deliveries?integration=${unknown}`), 404, "not_found")
      }
      const senseless = {
        status: "done",
        from: "yesterday",
        to: "2026-13-01",
        type: "a".repeat(301),
        dedupeKey: "a".repeat(301)
      }
      for (const [name, value] of Object.entries(senseless)) {
        assert.deepStrictEqual(Api.complaints(yield* manage(`/events?${name}=${value}`)), [name])
      }
    }))

  it.effect("that are not there are answered with 404", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      for (const id of ["019ab1f0-0000-7000-8000-000000000000", "no-id", "a".repeat(300), "%F0%9F%98%80"]) {
        Api.failed(yield* manage(`/events/${id}`), 404, "not_found")
        Api.failed(yield* manage(`/events/${id}/body`), 404, "not_found")
        Api.failed(yield* manage(`/events/${id}/replay`, { reason: "again" }), 404, "not_found")
        Api.failed(yield* manage(`/deliveries/${id}`), 404, "not_found")
      }
    }))
})
