import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, Either } from "effect"
import { EventStore, type NewEvent } from "../../../src/services/store/EventStore.ts"
import * as Rows from "../../support/Rows.ts"
import { stores } from "../../support/Stores.ts"

const insert = (events: ReadonlyArray<NewEvent>) =>
  Effect.flatMap(EventStore, (store) => Effect.flatMap(store.insert(events), Effect.all))

layer(stores(), { excludeTestServices: true, timeout: "30 seconds" })("the event store", (it) => {
  it.effect("stores each event with its body and one delivery for each destination", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const to = yield* Rows.destination()
      const other = yield* Rows.destination()
      const bodies = ["", "a", "\u0000\u0001 binary", "x".repeat(100_000)].map((_) => Buffer.from(_, "latin1"))
      const events = bodies.map((body) => Rows.newEvent([to, { ...other, integrationId: to.integrationId }], { body }))
      const stored = yield* insert(events)
      assert.deepStrictEqual(stored, events.map((_) => ({ eventId: _.id, duplicate: false })))
      for (const [index, event] of events.entries()) {
        const [found] = yield* sql<{ body: Buffer; size: number; deliveries: number }>`
          SELECT body, size, (SELECT count(*)::int FROM deliveries WHERE event_id = events.id) AS deliveries
          FROM events JOIN event_bodies ON event_id = events.id AND event_bodies.received_at = events.received_at
          WHERE events.id = ${event.id}`
        assert.deepStrictEqual(found?.body, bodies[index])
        assert.deepStrictEqual([found?.size, found?.deliveries], [bodies[index]?.byteLength, 2])
      }
    }))

  it.effect("counts copies in the same batch, in later ones, and those it was told of", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const to = yield* Rows.destination()
      const copy = (seen = false) => Rows.newEvent([to], { dedupeKey: "same", seen })
      const [first, ...rest] = yield* insert([copy(), copy(), copy()])
      assert.strictEqual(first?.duplicate, false)
      const later = yield* insert([copy(true), copy(), Rows.newEvent([to])])
      assert.deepStrictEqual(
        [...rest, ...later.slice(0, 2)].map((_) => [_.eventId, _.duplicate]),
        Array.from({ length: 4 }, () => [first?.eventId, true])
      )
      assert.strictEqual(later[2]?.duplicate, false)
      const [row] = yield* sql<{ duplicates: number }>`SELECT duplicates FROM events WHERE id = ${first?.eventId}`
      assert.strictEqual(row?.duplicates, 4)
      const [deliveries] = yield* sql<
        { count: number }
      >`SELECT count(*)::int FROM deliveries WHERE event_id = ${first?.eventId}`
      assert.strictEqual(deliveries?.count, 1)
    }))

  it.effect("stores an event whose copy was remembered elsewhere but is not there", () =>
    Effect.gen(function*() {
      const event = Rows.newEvent([yield* Rows.destination()], { seen: true })
      assert.deepStrictEqual(yield* insert([event]), [{ eventId: event.id, duplicate: false }])
    }))

  it.effect("keeps the same key of two integrations apart", () =>
    Effect.gen(function*() {
      const events = [yield* Rows.destination(), yield* Rows.destination()].map((to) =>
        Rows.newEvent([to], { dedupeKey: "shared" })
      )
      assert.deepStrictEqual((yield* insert(events)).map((_) => _.duplicate), [false, false])
    }))

  it.effect("settles batches that bring the same keys in opposite orders at the same time", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const to = yield* Rows.destination()
      const keys = Array.from({ length: 40 }, (_, index) => `contended-${index}`)
      const batches = Array.from(
        { length: 8 },
        (_, index) =>
          (index % 2 === 0 ? keys : keys.toReversed()).map((dedupeKey) => Rows.newEvent([to], { dedupeKey }))
      )
      const outcomes = yield* Effect.forEach(batches, insert, { concurrency: "unbounded" })
      assert.strictEqual(outcomes.flat().filter((_) => !_.duplicate).length, keys.length)
      const [row] = yield* sql<{ sum: number }>`
        SELECT sum(duplicates)::int FROM events WHERE integration_id = ${to.integrationId}`
      assert.strictEqual(row?.sum, keys.length * 7)
    }))

  it.effect("keeps events of a day without a partition", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const event = Rows.newEvent([yield* Rows.destination()], { receivedAt: Date.UTC(2100, 0, 1) })
      yield* insert([event])
      const [row] = yield* sql<{ partition: string }>`
        SELECT tableoid::regclass::text AS partition FROM event_bodies WHERE event_id = ${event.id}`
      assert.strictEqual(row?.partition, "event_bodies_default")
      yield* sql`SELECT ensure_partitions(3)`
    }))

  it.effect("has what was inserted stand where counting the copies beside it fails", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const to = yield* Rows.destination()
      const [known] = yield* insert([Rows.newEvent([to], { dedupeKey: "known" })])
      yield* sql`ALTER TABLE events ADD CONSTRAINT uncounted CHECK (duplicates = 0) NOT VALID`
      const [fresh, copy] = [Rows.newEvent([to]), Rows.newEvent([to], { dedupeKey: "known" })]
      const outcomes = yield* (yield* EventStore).insert([fresh, copy])
      yield* sql`ALTER TABLE events DROP CONSTRAINT uncounted`
      assert.deepStrictEqual(outcomes.map(Either.isRight), [true, false])
      assert.deepStrictEqual(yield* insert([copy]), [{ eventId: known?.eventId, duplicate: true }])
    }))
})
