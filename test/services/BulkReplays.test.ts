// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Exit, type Layer, Option } from "effect"
import { EventId } from "../../src/domain/Ids.ts"
import type { DeliveryMessage } from "../../src/domain/QueueMessage.ts"
import * as Ids from "../../src/services/Ids.ts"
import { Replays } from "../../src/services/Replays.ts"
import { Sweeper } from "../../src/services/Sweeper.ts"
import * as Bulk from "../support/Bulk.ts"
import { FakeBroker } from "../support/FakeBroker.ts"
import * as Rows from "../support/Rows.ts"
import { atOnce, stores } from "../support/Stores.ts"

const fresh = () => stores({ sweep: atOnce })

type Needs = Layer.Layer.Success<ReturnType<typeof fresh>>

const test = <E>(name: string, program: Effect.Effect<void, E, Needs>) =>
  it.scopedLive(name, () => Effect.provide(program, fresh()))

const ids = (messages: ReadonlyArray<DeliveryMessage>): ReadonlyArray<string> =>
  messages.map((_) => _.deliveryId).toSorted()

const generations = (messages: ReadonlyArray<DeliveryMessage>) => [...new Set(messages.map((_) => _.generation))]

/** The generations that deliveries stand in, and how many there are of each. */
const standing = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) =>
    sql<{ readonly generation: number; readonly count: number }>`
      SELECT generation, count(*)::int FROM deliveries GROUP BY generation ORDER BY generation`
).pipe(Effect.map((found) => found.map((_) => [_.generation, _.count])))

const execute = (statement: string) => Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(statement))

/** What the sweeper publishes. */
const swept = Effect.gen(function*() {
  yield* Bulk.published
  yield* (yield* Sweeper).sweep
  return yield* Bulk.published
})

describe("a bulk replay", () => {
  test(
    "gives every event that was there a new generation, slice by slice, and none that came after",
    Effect.gen(function*() {
      const to = yield* Rows.destination()
      const made = yield* Bulk.received([to], 1_200)
      const { id, status, total } = yield* Bulk.request(Bulk.events())
      assert.deepStrictEqual([status, total], ["running", 1_200])
      const { replays } = yield* Bulk.published
      assert.deepStrictEqual(replays, [{ v: 1, replayId: id, slice: 0 }])
      const later = (yield* Clock.currentTimeMillis) + 1_000
      yield* Bulk.received([to], 3, () => ({ id: EventId.make(Ids.at(later)), receivedAt: later }))

      const { deliveries, slices } = yield* Bulk.drive(replays)
      assert.deepStrictEqual(ids(deliveries), Bulk.deliveryIds(made))
      assert.deepStrictEqual(generations(deliveries), [2])
      assert.strictEqual(slices, 3)
      assert.deepStrictEqual(yield* standing, [[1, 3], [2, 1_200]])
      assert.deepInclude<object>(yield* Bulk.replay(id), {
        kind: "events",
        status: "completed",
        total: 1_200,
        done: 1_200,
        skipped: 0,
        deliveries: 1_200,
        filter: {}
      })
    })
  )

  test(
    "shows how far it is after each slice",
    Effect.gen(function*() {
      yield* Bulk.received([yield* Rows.destination()], 1_200)
      const { id } = yield* Bulk.request(Bulk.events())
      const seen = yield* Effect.forEach(
        [0, 1, 2],
        (slice) => Effect.zipRight(Bulk.run(id, slice), Effect.map(Bulk.replay(id), (_) => [_.status, _.done]))
      )
      assert.deepStrictEqual(seen, [["running", 500], ["running", 1_000], ["completed", 1_200]])
    })
  )

  test(
    "goes on by the sweeper where a worker died between a commit and its messages, with nothing twice",
    Effect.gen(function*() {
      const broker = yield* FakeBroker
      yield* Bulk.received([yield* Rows.destination()], 1_200)
      yield* execute("UPDATE deliveries SET state = 'delivered', due_at = NULL")
      const { id } = yield* Bulk.request(Bulk.events())
      yield* Bulk.run(id, 0)
      yield* Bulk.published
      broker.refusing = true
      yield* Bulk.run(id, 1)
      broker.refusing = false
      yield* Bulk.published

      const { deliveries, replays } = yield* swept
      assert.deepStrictEqual(replays, [{ v: 1, replayId: id, slice: 2 }])
      assert.strictEqual(new Set(ids(deliveries)).size, 500)
      const rest = yield* Bulk.drive(replays)
      assert.strictEqual(rest.deliveries.length, 200)
      assert.deepStrictEqual(yield* standing, [[2, 1_200]])
      assert.strictEqual((yield* Bulk.replay(id)).done, 1_200)
    })
  )

  test(
    "goes on at once where the message of who died is handed out again, and there only",
    Effect.gen(function*() {
      const broker = yield* FakeBroker
      yield* Bulk.received([yield* Rows.destination()], 1_200)
      const { id } = yield* Bulk.request(Bulk.events())
      broker.refusing = true
      yield* Bulk.run(id, 0)
      broker.refusing = false
      yield* Bulk.published
      yield* Bulk.run(id, 0)
      assert.deepStrictEqual(yield* Bulk.published, { deliveries: [], replays: [] })
      yield* Bulk.run(id, 0, true)
      assert.deepStrictEqual(yield* Bulk.published, { deliveries: [], replays: [{ v: 1, replayId: id, slice: 1 }] })
      yield* Bulk.drive([{ v: 1, replayId: id, slice: 1 }])
      yield* Bulk.run(id, 2, true)
      assert.deepStrictEqual(yield* Bulk.published, { deliveries: [], replays: [] })
      assert.deepStrictEqual(yield* standing, [[2, 1_200]])
    })
  )

  test(
    "is as it was where a slice breaks off, and carries it out when it comes again",
    Effect.gen(function*() {
      const made = yield* Bulk.received([yield* Rows.destination()], 10)
      const { id } = yield* Bulk.request(Bulk.events())
      const before = yield* Bulk.replay(id)
      // After the deliveries have been renewed.
      yield* execute("ALTER TABLE events RENAME COLUMN unrouted TO unrouted_once")
      assert.isTrue(Exit.isFailure(yield* Effect.exit(Bulk.run(id, 0))))
      yield* execute("ALTER TABLE events RENAME COLUMN unrouted_once TO unrouted")
      assert.deepStrictEqual(yield* Bulk.replay(id), before)
      assert.deepStrictEqual(yield* standing, [[1, 10]])
      const { deliveries } = yield* Bulk.drive([{ v: 1, replayId: id, slice: 0 }])
      assert.deepStrictEqual(ids(deliveries), Bulk.deliveryIds(made))
    })
  )

  test(
    "carries out a slice once, though its message comes twice, at the same time or later",
    Effect.gen(function*() {
      yield* Bulk.received([yield* Rows.destination()], 1_200)
      const { id } = yield* Bulk.request(Bulk.events())
      yield* Bulk.published
      yield* Effect.replicateEffect(Bulk.run(id, 0), 4, { concurrency: "unbounded" })
      yield* Bulk.run(id, 0)
      const { deliveries, replays } = yield* Bulk.published
      assert.deepStrictEqual(replays, [{ v: 1, replayId: id, slice: 1 }])
      assert.strictEqual(deliveries.length, 500)
      assert.deepStrictEqual(yield* standing, [[1, 700], [2, 500]])
      // Nor one whose turn has not come.
      yield* Bulk.run(id, 2)
      assert.deepStrictEqual(yield* Bulk.published, { deliveries: [], replays: [] })
    })
  )

  test(
    "that is cancelled never goes on, and keeps what it has done",
    Effect.gen(function*() {
      yield* Bulk.received([yield* Rows.destination()], 700)
      const { id } = yield* Bulk.request(Bulk.events())
      yield* Bulk.run(id, 0)
      assert.strictEqual((yield* Bulk.cancel(id)).status, "cancelled")
      yield* Bulk.published
      yield* Bulk.run(id, 1)
      assert.deepStrictEqual(yield* Bulk.published, { deliveries: [], replays: [] })
      assert.deepStrictEqual((yield* swept).replays, [])
      assert.deepInclude<object>(yield* Bulk.replay(id), { status: "cancelled", done: 500, total: 700 })
      assert.deepStrictEqual(yield* standing, [[1, 200], [2, 500]])
      // Once more is no other thing, but what is completed stays so.
      yield* Bulk.cancel(id)
      const sql = yield* SqlClient.SqlClient
      const entries = yield* sql`SELECT actor, detail FROM audit_entries WHERE action = 'replay.cancelled'`
      assert.deepStrictEqual([...entries], [{ actor: "test", detail: { done: 500, total: 700 } }])
      const { replay } = yield* Bulk.replayAll(Bulk.events())
      const refused = yield* Effect.flip(Bulk.cancel(replay.id))
      assert.strictEqual(refused._tag, "Conflict")
    })
  )

  test(
    "is audited with its reason, its filter and who asked, and stands although the broker is away",
    Effect.gen(function*() {
      const broker = yield* FakeBroker
      const { integrationId } = yield* Rows.destination()
      broker.refusing = true
      const scope = Bulk.events({ integration: Option.some(integrationId), type: Option.some("a") })
      const { id } = yield* Bulk.request(scope, 7)
      const sql = yield* SqlClient.SqlClient
      const entries = yield* sql`SELECT actor, action, detail FROM audit_entries WHERE subject_id = ${id}`
      assert.deepStrictEqual([...entries], [{
        actor: "test",
        action: "replay.requested",
        detail: {
          reason: "the callback was mended",
          kind: "events",
          filter: { integration: integrationId, type: "a" },
          total: 0,
          ratePerSecond: 7
        }
      }])
      broker.refusing = false
      const { replays } = yield* swept
      assert.deepStrictEqual(replays, [{ v: 1, replayId: id, slice: 0 }])
      yield* Bulk.drive(replays)
      assert.strictEqual((yield* Bulk.replay(id)).status, "completed")
    })
  )

  test(
    "is left alone by a message that asks for a single replay",
    Effect.gen(function*() {
      yield* Bulk.received([yield* Rows.destination()], 2)
      const { id } = yield* Bulk.request(Bulk.events())
      yield* Bulk.published
      yield* (yield* Replays).run(id)
      assert.deepStrictEqual(yield* Bulk.published, { deliveries: [], replays: [] })
      assert.strictEqual((yield* Bulk.replay(id)).status, "running")
    })
  )

  test(
    "keeps a message no longer than a second in hand: it goes back to the queue",
    Effect.gen(function*() {
      yield* Bulk.received([yield* Rows.destination()], 3)
      const { id } = yield* Bulk.request(Bulk.events(), 1)
      yield* Bulk.published
      yield* execute("UPDATE replays SET next_slice_at = now() + interval '1 hour'")
      const [took] = yield* Effect.timed(Bulk.run(id, 0))
      assert.isAtMost(Duration.toMillis(took), 2_500)
      assert.deepStrictEqual(yield* Bulk.published, { deliveries: [], replays: [{ v: 1, replayId: id, slice: 0 }] })
      // Nor does the sweeper take it for lost.
      assert.deepStrictEqual((yield* swept).replays, [])
      yield* execute("UPDATE replays SET next_slice_at = now()")
      yield* Bulk.run(id, 0)
      assert.strictEqual((yield* Bulk.replay(id)).done, 1)
    })
  )
})
