// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Array, Clock, Effect, Exit, type Layer, Option, Schema } from "effect"
import { DeliveryMessage, MarkerMessage, ReplayMessage } from "../../src/domain/QueueMessage.ts"
import { Dispatch } from "../../src/services/Dispatch.ts"
import * as Ids from "../../src/services/Ids.ts"
import { Settings } from "../../src/services/Settings.ts"
import { ReplayStore } from "../../src/services/store/ReplayStore.ts"
import { Sweeper } from "../../src/services/Sweeper.ts"
import { FakeBroker } from "../support/FakeBroker.ts"
import * as HostClock from "../support/HostClock.ts"
import * as Rows from "../support/Rows.ts"
import { atOnce, stores } from "../support/Stores.ts"

const fresh = () => stores({ sweep: atOnce })

type Needs = Layer.Layer.Success<ReturnType<typeof fresh>>

const test = <E>(name: string, program: Effect.Effect<void, E, Needs>) =>
  it.scopedLive(name, () => Effect.provide(program, fresh()))

const decode = <A, I>(schema: Schema.Schema<A, I>) => {
  const decodeText = Schema.decodeUnknownOption(Schema.parseJson(schema))
  return (text: string) => decodeText(text)
}

/** What was published since the last look: to where a worker is to see it after whatever is new. */
const published = Effect.map(Effect.all([FakeBroker, Settings]), ([{ published }, { queues }]) => {
  const sent = published.splice(0)
  for (const { queue } of sent) assert.include([queues.retry, queues.replay], queue)
  const contents = sent.map((_) => _.content)
  return {
    deliveries: Array.filterMap(contents, decode(DeliveryMessage)),
    markers: Array.filterMap(contents, decode(MarkerMessage)),
    replays: Array.filterMap(contents, decode(ReplayMessage))
  }
})

/** Sweeps, and tells what was published by it. */
const swept = Effect.gen(function*() {
  yield* published
  yield* (yield* Sweeper).sweep
  return yield* published
})

/** The marker on its way comes back, as if everything before it had been handed out. */
const markerReturns = Effect.gen(function*() {
  const { markers: [marker] } = yield* swept
  yield* (yield* Sweeper).markerReturned(yield* Effect.fromNullable(marker?.markerId))
})

const queued = Effect.fnUntraced(function*(to: Rows.To, count: number) {
  const messages = yield* Rows.deliveries(to, count)
  assert.strictEqual(yield* (yield* Dispatch).again(messages), count)
  return messages
})

const ids = (messages: ReadonlyArray<DeliveryMessage>) => messages.map((_) => _.deliveryId).toSorted()

describe("the sweeper", () => {
  test(
    "queues what was never queued, once",
    Effect.gen(function*() {
      const messages = yield* Rows.deliveries(yield* Rows.destination(), 3)
      assert.deepStrictEqual(ids((yield* swept).deliveries), ids(messages))
      assert.strictEqual((yield* Rows.row(messages[0]))?.state, "queued")
      assert.deepStrictEqual((yield* swept).deliveries, [])
    })
  )

  test(
    "does its other work although one part of it fails every time",
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const messages = yield* Rows.deliveries(yield* Rows.destination(), 3)
      yield* sql`ALTER TABLE replays RENAME TO replays_elsewhere`
      yield* published
      assert.isTrue(Exit.isFailure(yield* Effect.exit((yield* Sweeper).sweep)))
      assert.deepStrictEqual(ids((yield* published).deliveries), ids(messages))
    })
  )

  test(
    "forgets old rejections, however many, by the database's time",
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { integrationId } = yield* Rows.destination()
      const now = yield* Clock.currentTimeMillis
      const add = (days: number, count: number) =>
        sql`
          INSERT INTO rejections ${
          sql.insert(Array.makeBy(count, () => ({
            id: Ids.at(now - days * 86_400_000),
            integration_id: integrationId,
            reason: "signature_missing",
            detail: "",
            received_at: new Date(now - days * 86_400_000),
            method: "POST",
            url: "/",
            headers: "{}",
            body_size: 0
          })))
        }`
      yield* Effect.all([add(8, 2_500), add(6, 3)])
      const host = HostClock.make(yield* Effect.clock)
      yield* host.set(3 * 86_400_000)
      yield* Effect.withClock((yield* Sweeper).maintain, host)
      const [left] = yield* sql<{ readonly count: number }>`SELECT count(*)::int FROM rejections`
      assert.strictEqual(left?.count, 3)
    })
  )

  test(
    "forgets the troubles of deleted destinations, and no others",
    Effect.gen(function*() {
      const [kept, deleted] = yield* Effect.all([Rows.destination(), Rows.destination()])
      const sql = yield* SqlClient.SqlClient
      yield* sql`UPDATE destinations SET deleted_at = now() WHERE id = ${deleted.id}`
      yield* sql`INSERT INTO destination_troubles (destination_id, failures) VALUES (${kept.id}, 1), (${deleted.id}, 1)`
      yield* (yield* Sweeper).maintain
      const left = yield* sql`SELECT destination_id AS id FROM destination_troubles`
      assert.deepStrictEqual([...left], [{ id: kept.id }])
    })
  )

  test(
    "leaves the next round to another worker where the broker refuses, then goes on, and loses nothing",
    Effect.gen(function*() {
      const fake = yield* FakeBroker
      const messages = yield* Rows.deliveries(yield* Rows.destination(), 700)
      fake.refusing = true
      assert.deepStrictEqual((yield* swept).deliveries, [])
      assert.strictEqual((yield* Rows.row(messages[0]))?.state, "pending")
      fake.refusing = false
      assert.isEmpty(yield* (yield* SqlClient.SqlClient)`SELECT FROM leaderships WHERE until > now()`)
      assert.deepStrictEqual(yield* swept, { deliveries: [], markers: [], replays: [] })
      assert.deepStrictEqual(ids((yield* swept).deliveries), ids(messages))
    })
  )

  test(
    "leaves a long queue alone until a marker shows that it is gone, then queues each delivery once",
    Effect.gen(function*() {
      const messages = yield* queued(yield* Rows.destination(), 1_200)
      const first = yield* swept
      assert.deepStrictEqual([first.deliveries.length, first.markers.length], [0, 1])
      assert.deepStrictEqual(yield* swept, { deliveries: [], markers: [], replays: [] })

      yield* (yield* Sweeper).markerReturned(yield* Effect.fromNullable(first.markers[0]?.markerId))
      const second = yield* swept
      assert.deepStrictEqual(ids(second.deliveries), ids(messages))
      assert.deepStrictEqual((yield* swept).deliveries, [])
      // They stand in the queue again, behind which the next marker travels.
      assert.strictEqual(second.markers.length, 1)
    })
  )

  test(
    "does not touch what was queued after the marker",
    Effect.gen(function*() {
      yield* markerReturns
      yield* queued(yield* Rows.destination(), 5)
      assert.deepStrictEqual((yield* swept).deliveries, [])
    })
  )

  test(
    "takes a delivery from a dead worker, but not from a living one",
    Effect.gen(function*() {
      const [dead, living] = yield* queued(yield* Rows.destination(), 2)
      const claim = "state = 'delivering', claim_token = gen_random_uuid(), lease_until = now()"
      yield* Rows.set(dead, `${claim} - interval '1 second'`)
      yield* Rows.set(living, `${claim} + interval '1 minute'`)
      yield* markerReturns
      assert.deepStrictEqual(ids((yield* swept).deliveries), [dead?.deliveryId])
      assert.strictEqual((yield* Rows.row(living))?.state, "delivering")
    })
  )

  test(
    "queues an overdue retry as the attempt that it is, and lets the others wait",
    Effect.gen(function*() {
      const [overdue, waiting] = yield* queued(yield* Rows.destination(), 2)
      yield* Rows.set(overdue, "state = 'retrying', next_attempt = 3, due_at = now() - interval '1 second'")
      yield* Rows.set(waiting, "state = 'retrying', next_attempt = 3, due_at = now() + interval '1 minute'")
      yield* markerReturns
      assert.deepStrictEqual((yield* swept).deliveries, [{ ...overdue, attempt: 3 }])
    })
  )

  test(
    "does nothing where another worker leads",
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const messages = yield* Rows.deliveries(yield* Rows.destination(), 2)
      yield* sql`INSERT INTO leaderships VALUES ('sweeper', gen_random_uuid(), now() + interval '1 minute')`
      assert.deepStrictEqual(yield* swept, { deliveries: [], markers: [], replays: [] })
      yield* sql`UPDATE leaderships SET until = now() - interval '1 second'`
      assert.deepStrictEqual(ids((yield* swept).deliveries), ids(messages))
    })
  )

  test(
    "releases what was held once its destination is active again, oldest first, and cancels what lost it",
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const to = yield* Rows.destination()
      const gone = yield* Rows.destination()
      const messages = yield* Rows.deliveries(to, 3)
      const [orphan] = yield* Rows.deliveries(gone, 1)
      const hold = "state = 'held', due_at = NULL, held_at = now()"
      yield* Effect.forEach([...messages, ...Option.toArray(Option.fromNullable(orphan))], (_) => Rows.set(_, hold))
      yield* sql`UPDATE destinations SET status = 'paused' WHERE id = ${to.id}`
      yield* sql`UPDATE destinations SET deleted_at = now() WHERE id = ${gone.id}`
      assert.deepStrictEqual((yield* swept).deliveries, [])
      assert.deepStrictEqual((yield* Rows.row(orphan))?.state, "cancelled")
      yield* sql`UPDATE destinations SET status = 'active' WHERE id = ${to.id}`
      assert.deepStrictEqual(ids((yield* swept).deliveries), ids(messages))
    })
  )

  test(
    "asks again for a replay that no worker has taken up",
    Effect.gen(function*() {
      const to = yield* Rows.destination()
      const event = Rows.newEvent([to])
      const id = yield* Ids.next
      yield* (yield* ReplayStore).insert({
        id,
        eventId: event.id,
        destinationId: null,
        destinationIds: [to.id],
        reason: "a test",
        actor: "a test"
      })
      assert.deepStrictEqual((yield* swept).replays.map((_) => _.replayId), [id])
    })
  )
})
