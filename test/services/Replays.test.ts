// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Layer, Option, Schema } from "effect"
import { type DestinationId, EventId, type ReplayId } from "../../src/domain/Ids.ts"
import { DeliveryMessage, ReplayMessage } from "../../src/domain/QueueMessage.ts"
import * as Ids from "../../src/services/Ids.ts"
import { Replays } from "../../src/services/Replays.ts"
import { EventStore } from "../../src/services/store/EventStore.ts"
import { FakeBroker } from "../support/FakeBroker.ts"
import * as Rows from "../support/Rows.ts"
import { stores } from "../support/Stores.ts"

type Needs = Layer.Layer.Success<ReturnType<typeof stores>>

const test = <E>(name: string, program: Effect.Effect<void, E, Needs>) =>
  it.scopedLive(name, () => Effect.provide(program, stores()))

/** An event of the destination's integration that was not for it. */
const unrouted = Effect.fnUntraced(function*({ integrationId }: Rows.To) {
  const event = Rows.newEvent([], { integrationId })
  yield* (yield* EventStore).insert([event])
  return event.id
})

const wantsOnly = (to: Rows.To, type: string) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql`UPDATE destinations SET filter = ${JSON.stringify({ types: [type] })}::jsonb WHERE id = ${to.id}`
  )

const request = (eventId: EventId, destinationId?: DestinationId) =>
  Effect.flatMap(Replays, (replays) =>
    replays.request({
      eventId,
      destinationId: Option.fromNullable(destinationId),
      reason: "the filter was mended",
      actor: "test"
    }))

const run = (id: ReplayId) => Effect.flatMap(Replays, (replays) => replays.run(id))

/** What was published since the last look. */
const published = <A, I>(schema: Schema.Schema<A, I>) =>
  Effect.flatMap(
    FakeBroker,
    ({ published }) =>
      Effect.forEach(published.splice(0), ({ content }) => Schema.decodeUnknown(Schema.parseJson(schema))(content))
  )

describe("a replay", () => {
  test(
    "of an event that nobody wanted goes to whom it matches now, once",
    Effect.gen(function*() {
      const eventId = yield* unrouted(yield* Rows.destination())
      const replay = yield* request(eventId)
      assert.deepStrictEqual([replay.status, replay.total], ["queued", 1])
      assert.deepStrictEqual(yield* published(ReplayMessage), [{ v: 1, replayId: replay.id }])
      yield* run(replay.id)
      const [message, ...more] = yield* published(DeliveryMessage)
      assert.deepStrictEqual([message?.generation, message?.attempt, more.length], [1, 1, 0])
      assert.strictEqual((yield* Rows.row(message))?.state, "queued")
      yield* run(replay.id)
      assert.deepStrictEqual(yield* published(DeliveryMessage), [])
    })
  )

  test(
    "goes to a destination that is named although its filter does not match, and is refused for all where none does",
    Effect.gen(function*() {
      const to = yield* Rows.destination()
      yield* wantsOnly(to, "another.type")
      const eventId = yield* unrouted(to)
      const error = yield* Effect.flip(request(eventId))
      assert.strictEqual(error._tag, "Conflict")
      assert.include(error.message, "name one as destinationId")
      assert.deepStrictEqual(yield* published(ReplayMessage), [])
      const replay = yield* request(eventId, to.id)
      yield* published(ReplayMessage)
      yield* run(replay.id)
      assert.strictEqual((yield* published(DeliveryMessage)).length, 1)
    })
  )

  test(
    "gives a new generation to a delivery that is there, although its destination would not be matched now",
    Effect.gen(function*() {
      const to = yield* Rows.destination()
      const event = Rows.newEvent([to])
      yield* (yield* EventStore).insert([event])
      yield* wantsOnly(to, "another.type")
      const replay = yield* request(event.id)
      yield* published(ReplayMessage)
      yield* run(replay.id)
      const messages = yield* published(DeliveryMessage)
      assert.deepStrictEqual(messages, event.deliveries.map(({ id }) => Rows.message(id, to.id, 2)))
    })
  )

  test(
    "of an unknown event, or to a destination of another integration, is refused",
    Effect.gen(function*() {
      const unknown = yield* Effect.flip(request(EventId.make(yield* Ids.next)))
      assert.strictEqual(unknown._tag, "NotFound")
      const eventId = yield* unrouted(yield* Rows.destination())
      const foreign = yield* Effect.flip(request(eventId, (yield* Rows.destination()).id))
      assert.strictEqual(foreign._tag, "NotFound")
      assert.include(foreign.message, "no destination")
    })
  )

  test(
    "of an event whose content is gone is refused",
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const eventId = yield* unrouted(yield* Rows.destination())
      yield* sql`DELETE FROM event_bodies WHERE event_id = ${eventId}`
      const error = yield* Effect.flip(request(eventId))
      assert.strictEqual(error._tag, "Conflict")
      assert.include(error.message, "no longer kept")
    })
  )

  test(
    "is audited with its reason, and stands although the broker is away",
    Effect.gen(function*() {
      const broker = yield* FakeBroker
      broker.refusing = true
      const eventId = yield* unrouted(yield* Rows.destination())
      const { id } = yield* request(eventId)
      const sql = yield* SqlClient.SqlClient
      const entries = yield* sql`
        SELECT actor, action, detail->>'replayId' AS replay, detail->>'reason' AS reason
        FROM audit_entries WHERE subject_id = ${eventId}`
      assert.deepStrictEqual([...entries], [
        { actor: "test", action: "event.replayed", replay: id, reason: "the filter was mended" }
      ])
      broker.refusing = false
      yield* run(id)
      assert.strictEqual((yield* published(DeliveryMessage)).length, 1)
    })
  )
})
