// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Clock, DateTime, Effect, type Layer, Option } from "effect"
import { EventId } from "../../src/domain/Ids.ts"
import type { DeadLettersFilter } from "../../src/domain/ReplayScope.ts"
import * as Ids from "../../src/services/Ids.ts"
import type { NewEvent } from "../../src/services/store/EventStore.ts"
import * as Bulk from "../support/Bulk.ts"
import * as Rows from "../support/Rows.ts"
import { stores } from "../support/Stores.ts"

type Needs = Layer.Layer.Success<ReturnType<typeof stores>>

const test = <E>(name: string, program: Effect.Effect<void, E, Needs>) =>
  it.scopedLive(name, () => Effect.provide(program, stores()))

const { some } = Option

const ofDead = (filter: Partial<DeadLettersFilter>, made: ReadonlyArray<NewEvent>) =>
  Bulk.replays(Bulk.deadLetters(filter), Bulk.deliveryIds(made), made.length)

describe("a bulk replay of dead deliveries", () => {
  test(
    "takes those of a destination, of an integration, and of both, and nothing that did not die",
    Effect.gen(function*() {
      const one = yield* Rows.destination()
      const other = yield* Rows.destination()
      const mine = yield* Bulk.received([one], 3)
      const theirs = yield* Bulk.received([other], 2)
      const done = yield* Bulk.received([one], 2)
      const ended = yield* Bulk.received([one], 2)
      yield* Bulk.received([one], 2)
      const die = Effect.all([
        Bulk.set([...mine, ...theirs], Bulk.dead),
        Bulk.set(done, Bulk.delivered),
        Bulk.set(ended, Bulk.cancelled)
      ])
      yield* die
      yield* ofDead({ destinationId: some(one.id) }, mine)
      assert.strictEqual(yield* Bulk.count(Bulk.deadLetters({ destinationId: some(one.id) })), 0)
      yield* die
      yield* ofDead({ integration: some(other.integrationId) }, theirs)
      yield* die
      yield* ofDead({ integration: some(other.integrationId), destinationId: some(one.id) }, [])
      yield* ofDead({}, [...mine, ...theirs])
    })
  )

  test(
    "takes those from a moment on, up to another",
    Effect.gen(function*() {
      const to = yield* Rows.destination()
      const now = yield* Clock.currentTimeMillis
      const times = [3, 2, 1].map((hours) => now - hours * 3_600_000)
      const made = yield* Effect.forEach(times, (time) => {
        const deliveries = [{ id: Bulk.deliveryIdAt(time), destinationId: to.id, held: false }]
        return Bulk.received([to], 1, () => ({ id: EventId.make(Ids.at(time)), receivedAt: time, deliveries }))
      })
      yield* Bulk.set(made.flat(), Bulk.dead)
      const from = some(DateTime.unsafeMake(times[1] ?? 0))
      const until = some(DateTime.unsafeMake(times[2] ?? 0))
      yield* ofDead({ from, to: until }, made[1] ?? [])
      yield* ofDead({ from, destinationId: some(to.id) }, made[2] ?? [])
      yield* ofDead({ to: from }, made[0] ?? [])
    })
  )

  test(
    "takes what had died when it was requested, and skips what has gone on since, or has nowhere to go",
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const to = yield* Rows.destination()
      const removed = yield* Rows.destination()
      const made = yield* Bulk.received([to], 4)
      const lost = yield* Bulk.received([removed], 1)
      yield* Bulk.set([...made.slice(0, 3), ...lost], Bulk.dead)
      yield* sql`UPDATE destinations SET deleted_at = now() WHERE id = ${removed.id}`
      const { id } = yield* Bulk.request(Bulk.deadLetters())
      yield* Bulk.set(made.slice(0, 1), Bulk.delivered)
      yield* Bulk.set(made.slice(3), Bulk.dead.replace("now()", "clock_timestamp()"))
      const { deliveries } = yield* Bulk.drive([{ v: 1, replayId: id, slice: 0 }])
      assert.sameMembers(deliveries.map((_) => _.deliveryId), [...Bulk.deliveryIds(made.slice(1, 3))])
      assert.deepInclude<object>(yield* Bulk.replay(id), {
        kind: "dead-letters",
        status: "completed",
        total: 4,
        done: 2,
        skipped: 2
      })
    })
  )

  test(
    "goes on slice by slice like one of events",
    Effect.gen(function*() {
      const to = yield* Rows.destination()
      const made = yield* Bulk.received([to], 1_100)
      yield* Bulk.set(made, Bulk.dead)
      const { deliveries, replay, slices } = yield* Bulk.replayAll(Bulk.deadLetters({ destinationId: some(to.id) }))
      assert.strictEqual(slices, 3)
      assert.deepStrictEqual(deliveries.map((_) => _.deliveryId).toSorted(), Bulk.deliveryIds(made))
      assert.deepInclude<object>(replay, { total: 1_100, done: 1_100, deliveries: 1_100 })
    })
  )
})
