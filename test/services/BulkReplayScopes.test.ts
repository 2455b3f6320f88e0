// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, type Layer, Option } from "effect"
import type { EventStatus } from "../../src/domain/Event.ts"
import { EventId } from "../../src/domain/Ids.ts"
import type { EventsFilter } from "../../src/domain/ReplayScope.ts"
import * as Ids from "../../src/services/Ids.ts"
import type { NewEvent } from "../../src/services/store/EventStore.ts"
import * as Bulk from "../support/Bulk.ts"
import * as Rows from "../support/Rows.ts"
import { stores } from "../support/Stores.ts"

type Needs = Layer.Layer.Success<ReturnType<typeof stores>>

const test = <E>(name: string, program: Effect.Effect<void, E, Needs>) =>
  it.scopedLive(name, () => Effect.provide(program, stores()))

const { some } = Option

const ofEvents = (filter: Partial<EventsFilter>, made: ReadonlyArray<NewEvent>) =>
  Bulk.replays(Bulk.events(filter), Bulk.deliveryIds(made), made.length)

const wants = (to: Rows.To, filter: unknown) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql`UPDATE destinations SET filter = ${JSON.stringify(filter)}::jsonb WHERE id = ${to.id}`
  )

/** A destination more for the integration of another one. */
const beside = Effect.fnUntraced(function*(first: Rows.To) {
  const sql = yield* SqlClient.SqlClient
  const other = yield* Rows.destination()
  yield* sql`UPDATE destinations SET integration_id = ${first.integrationId} WHERE id = ${other.id}`
  return { ...other, integrationId: first.integrationId }
})

describe("a bulk replay of events", () => {
  test(
    "takes those of an integration, of a type, and of both",
    Effect.gen(function*() {
      const one = yield* Rows.destination()
      const other = yield* Rows.destination()
      const typed = (type: string | null) => () => ({ type })
      const paid = yield* Bulk.received([one], 4, typed("paid"))
      const made = yield* Bulk.received([one], 3, typed(null))
      const theirs = yield* Bulk.received([other], 2, typed("paid"))
      yield* ofEvents({ integration: some(one.integrationId) }, [...paid, ...made])
      yield* ofEvents({ type: some("paid") }, [...paid, ...theirs])
      yield* ofEvents({ type: some("paid"), integration: some(other.integrationId) }, theirs)
      yield* ofEvents({ type: some("nothing") }, [])
    })
  )

  test(
    "takes those from a moment on, up to another",
    Effect.gen(function*() {
      const noon = Date.parse("2026-03-29T12:00:00.500Z")
      const to = yield* Rows.destination()
      const at = (offset: number) => ({ id: EventId.make(Ids.at(noon + offset)), receivedAt: noon + offset })
      const offsets = [-3_600_000, -1, 0, 1, 3_600_000]
      const made = yield* Bulk.received([to], 5, (index) => at(offsets[index] ?? 0))
      const moment = (offset: number) => some(DateTime.unsafeMake(noon + offset))
      yield* ofEvents({ from: moment(0) }, made.slice(2))
      yield* ofEvents({ to: moment(0) }, made.slice(0, 2))
      yield* ofEvents({ from: moment(0), to: moment(1), integration: some(to.integrationId) }, made.slice(2, 3))
      yield* ofEvents({ from: moment(0), to: moment(0) }, [])
      yield* ofEvents({ from: moment(-1), to: moment(1), type: some("thing.happened") }, made.slice(1, 3))
    })
  )

  test(
    "takes those of each status",
    Effect.gen(function*() {
      const states: ReadonlyArray<readonly [EventStatus, string]> = [
        ["delivered", Bulk.delivered],
        ["failed", Bulk.dead],
        ["delivering", "state = 'retrying', attempt_count = 1"],
        ["pending", "state = 'queued'"]
      ]
      for (const [status, assignments] of states) {
        const to = yield* Rows.destination()
        const made = yield* Bulk.received([to], 3)
        yield* Bulk.set(made, assignments)
        const others = yield* Bulk.received([to], 1)
        yield* Bulk.set(others, status === "delivered" ? Bulk.dead : Bulk.delivered)
        yield* ofEvents({ status: some(status), integration: some(to.integrationId) }, made)
      }
    })
  )

  test(
    "that failed makes only those deliveries again that ended without success",
    Effect.gen(function*() {
      const one = yield* Rows.destination()
      const other = yield* beside(one)
      const made = yield* Bulk.received([one, other], 3)
      yield* Bulk.set(made, Bulk.delivered)
      yield* Bulk.set(made.slice(0, 2), Bulk.dead, other)
      // Whom they match now besides has not asked for what failed elsewhere.
      yield* beside(one)
      const wanted = Bulk.deliveryIds(made.slice(0, 2), other.id)
      const { deliveries } = yield* Bulk.replays(Bulk.events({ status: some("failed") }), wanted, 2)
      assert.strictEqual(deliveries, 2)
    })
  )

  test(
    "goes to where they were sent, and to whom they match now, whose rules may ask for the body",
    Effect.gen(function*() {
      const sent = yield* Rows.destination()
      const body = (index: number) => ({ body: new TextEncoder().encode(`{"n":${index}}`) })
      const made = yield* Bulk.received([sent], 6, body)
      yield* wants(sent, { types: ["another"] })
      const picky = yield* beside(sent)
      yield* wants(picky, { rules: [{ path: "$.n", op: "gte", value: 4 }] })
      const typed = yield* beside(sent)
      yield* wants(typed, { types: ["other.*"] })
      const { deliveries, replay } = yield* Bulk.replayAll(Bulk.events())
      const going = (to: Rows.To) => deliveries.filter((_) => _.destinationId === to.id)
      assert.strictEqual(going(sent).length, 6)
      assert.deepStrictEqual(going(picky).map((_) => [_.generation, _.attempt]), [[1, 1], [1, 1]])
      assert.deepStrictEqual(going(typed), [])
      assert.deepInclude<object>(replay, { done: 6, deliveries: 8 })
      const sql = yield* SqlClient.SqlClient
      const [row] = yield* sql<{ readonly ids: ReadonlyArray<string> }>`
        SELECT array_agg(event_id::text ORDER BY event_id) AS ids FROM deliveries WHERE destination_id = ${picky.id}`
      assert.deepStrictEqual(row?.ids, Bulk.eventIds(made.slice(4)))
    })
  )

  test(
    "reads large bodies bit by bit, and leaves none out",
    Effect.gen(function*() {
      const sent = yield* Rows.destination()
      const large = new Uint8Array(6_000_000).fill(32)
      const made = yield* Bulk.received([sent], 5, () => ({ body: large }))
      const picky = yield* beside(sent)
      yield* wants(picky, { rules: [{ path: "$.n", op: "exists", value: false }] })
      const { deliveries, replay, slices } = yield* Bulk.replayAll(Bulk.events())
      // Two of them fit together.
      assert.strictEqual(slices, 3)
      assert.strictEqual(new Set(deliveries.map((_) => _.deliveryId)).size, 10)
      assert.deepInclude<object>(replay, { status: "completed", done: made.length, skipped: 0 })
    })
  )

  test(
    "skips what goes nowhere and what is no longer kept, and marks as wanted what nobody had wanted",
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const to = yield* Rows.destination()
      const nobody = yield* Rows.destination()
      yield* sql`UPDATE destinations SET deleted_at = now() WHERE id = ${nobody.id}`
      yield* Bulk.received([], 2, () => ({ integrationId: nobody.integrationId }))
      const gone = yield* Bulk.received([to], 3)
      yield* sql`DELETE FROM event_bodies WHERE event_id = ANY(${Bulk.eventIds(gone)}::uuid[])`
      const unrouted = yield* Bulk.received([], 4, () => ({ integrationId: to.integrationId }))
      assert.strictEqual(yield* Bulk.count(Bulk.events({ status: some("unrouted") })), 6)
      const { deliveries, replay } = yield* Bulk.replayAll(Bulk.events())
      assert.strictEqual(deliveries.length, 4)
      assert.deepInclude<object>(replay, { status: "completed", total: 9, done: 4, skipped: 5 })
      const left = yield* sql<{ readonly count: number }>`
        SELECT count(*)::int FROM events WHERE unrouted AND id = ANY(${Bulk.eventIds(unrouted)}::uuid[])`
      assert.strictEqual(left[0]?.count, 0)
    })
  )

  test(
    "counts as skipped what does not match any more when its turn comes, and adds what has come to match",
    Effect.gen(function*() {
      const to = yield* Rows.destination()
      const made = yield* Bulk.received([to], 5)
      yield* Bulk.set(made, Bulk.delivered)
      yield* Bulk.set(made.slice(0, 3), Bulk.dead)
      const failed = Bulk.events({ status: some("failed") })
      const fewer = yield* Bulk.request(failed)
      yield* Bulk.set(made.slice(0, 1), Bulk.delivered)
      yield* Bulk.drive([{ v: 1, replayId: fewer.id, slice: 0 }])
      assert.deepInclude<object>(yield* Bulk.replay(fewer.id), { status: "completed", total: 3, done: 2, skipped: 1 })
      yield* Bulk.set(made.slice(0, 2), Bulk.dead)
      const more = yield* Bulk.request(failed)
      yield* Bulk.set(made.slice(2, 3), Bulk.dead)
      yield* Bulk.drive([{ v: 1, replayId: more.id, slice: 0 }])
      assert.deepInclude<object>(yield* Bulk.replay(more.id), { status: "completed", total: 3, done: 3, skipped: 0 })
    })
  )

  test(
    "looks at no more than two thousand in a slice, however few of them match",
    Effect.gen(function*() {
      const to = yield* Rows.destination()
      const made = yield* Bulk.received([to], 5_000)
      yield* Bulk.set(made, Bulk.delivered)
      const failed = made.toSorted((one, other) => one.id < other.id ? -1 : 1).filter((_, index) => index % 2_000 === 9)
      yield* Bulk.set(failed, Bulk.dead)
      const { deliveries, replay, slices } = yield* Bulk.replayAll(Bulk.events({ status: some("failed") }))
      assert.sameMembers(deliveries.map((_) => _.deliveryId), [...Bulk.deliveryIds(failed)])
      assert.strictEqual(slices, 3)
      assert.deepInclude<object>(replay, { status: "completed", total: 3, done: 3, skipped: 0 })
    })
  )
})
