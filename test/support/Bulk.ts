import { SqlClient } from "@effect/sql"
import { assert } from "@effect/vitest"
import { Array, Effect, Option, Schema } from "effect"
import { DeliveryId, type DestinationId, type EventId, type ReplayId } from "../../src/domain/Ids.ts"
import { DeliveryMessage, ReplayMessage } from "../../src/domain/QueueMessage.ts"
import type { DeadLettersFilter, EventsFilter, ReplayScope } from "../../src/domain/ReplayScope.ts"
import { BulkReplays } from "../../src/services/BulkReplays.ts"
import * as Ids from "../../src/services/Ids.ts"
import { Replays } from "../../src/services/Replays.ts"
import { EventStore, type NewEvent } from "../../src/services/store/EventStore.ts"
import { ReplayReader } from "../../src/services/store/ReplayReader.ts"
import { FakeBroker } from "./FakeBroker.ts"
import * as Rows from "./Rows.ts"

const none = Option.none()

/** Events, all of them unless said otherwise. */
export const events = (filter: Partial<EventsFilter> = {}): ReplayScope => ({
  kind: "events",
  filter: { integration: none, type: none, status: none, from: none, to: none, ...filter }
})

/** Dead deliveries, all of them unless said otherwise. */
export const deadLetters = (filter: Partial<DeadLettersFilter> = {}): ReplayScope => ({
  kind: "dead-letters",
  filter: { integration: none, destinationId: none, from: none, to: none, ...filter }
})

export const request = (scope: ReplayScope, ratePerSecond?: number) =>
  Effect.flatMap(BulkReplays, (bulk) =>
    bulk.request({
      scope,
      ratePerSecond: Option.fromNullable(ratePerSecond),
      reason: "the callback was mended",
      actor: "test"
    }))

export const run = (id: ReplayId, slice: number, again = false) =>
  Effect.flatMap(BulkReplays, (bulk) => bulk.run(id, slice, again))

export const replay = (id: ReplayId) =>
  Effect.flatMap(ReplayReader, (reader) => Effect.flatten(reader.find(id))).pipe(Effect.orDie)

export const cancel = (id: ReplayId) => Effect.flatMap(Replays, (replays) => replays.cancel("test", id))

const decode = <A, I>(schema: Schema.Schema<A, I>) => {
  const decodeText = Schema.decodeUnknownOption(Schema.parseJson(schema))
  return (text: string) => decodeText(text)
}

/** What was published since the last look. */
export const published = Effect.map(FakeBroker, ({ published }) => {
  const contents = published.splice(0).map((_) => _.content)
  return {
    deliveries: Array.filterMap(contents, decode(DeliveryMessage)),
    replays: Array.filterMap(contents, decode(ReplayMessage))
  }
})

type Message = typeof ReplayMessage.Type

/** Carries out these slices, and whatever is asked for after them; the slices, and the deliveries that were published. */
export const drive = (
  messages: ReadonlyArray<Message>
): Effect.Effect<
  { readonly slices: number; readonly deliveries: ReadonlyArray<DeliveryMessage> },
  never,
  BulkReplays | FakeBroker
> =>
  Effect.gen(function*() {
    yield* published
    yield* Effect.forEach(messages, ({ replayId, slice }) => Effect.orDie(run(replayId, slice ?? 0)))
    const { deliveries, replays } = yield* published
    if (replays.length === 0) return { slices: messages.length, deliveries }
    const rest = yield* drive(replays)
    return { slices: messages.length + rest.slices, deliveries: [...deliveries, ...rest.deliveries] }
  })

/** Requests a replay and carries it out whole. */
export const replayAll = Effect.fnUntraced(function*(scope: ReplayScope, ratePerSecond?: number) {
  const { id } = yield* request(scope, ratePerSecond)
  const driven = yield* drive([{ v: 1, replayId: id, slice: 0 }])
  return { ...driven, replay: yield* replay(id) }
})

const perInsert = 500

/** Stores events for destinations, some moments ago. */
export const received = Effect.fnUntraced(function*(
  to: ReadonlyArray<Rows.To>,
  count: number,
  changes: (index: number) => Partial<NewEvent> = () => ({})
) {
  const store = yield* EventStore
  const made = Array.makeBy(count, (index) => Rows.newEvent(to, changes(index)))
  yield* Effect.forEach(Array.chunksOf(made, perInsert), (some) => store.insert(some), { discard: true })
  return made
})

export const eventIds = (all: ReadonlyArray<NewEvent>): ReadonlyArray<EventId> => all.map((_) => _.id).toSorted()

/** What a delivery would be called that came to be at a time. */
export const deliveryIdAt = (millis: number): DeliveryId => DeliveryId.make(Ids.at(millis))

export const deliveryIds = (
  all: ReadonlyArray<NewEvent>,
  destinationId?: DestinationId
): ReadonlyArray<string> =>
  all.flatMap((_) => _.deliveries)
    .filter((_) => destinationId === undefined || _.destinationId === destinationId)
    .map((_) => _.id)
    .toSorted()

/** Sets columns of the deliveries of events, to one destination where it is given. */
export const set = Effect.fnUntraced(function*(all: ReadonlyArray<NewEvent>, assignments: string, to?: Rows.To) {
  const sql = yield* SqlClient.SqlClient
  const ids = deliveryIds(all, to?.id)
  yield* sql`UPDATE deliveries SET ${sql.literal(assignments)} WHERE id = ANY(${ids}::uuid[])`
})

export const delivered = "state = 'delivered', due_at = NULL, failed_at = NULL, attempt_count = 1"
export const dead = "state = 'dead', due_at = NULL, failed_at = now(), attempt_count = 5"
export const cancelled = "state = 'cancelled', due_at = NULL, failed_at = now()"

export const count = (scope: ReplayScope) => Effect.flatMap(BulkReplays, (bulk) => bulk.count(scope))

/** A replay of so many publishes these deliveries and no others, after its dry run told the same number. */
export const replays = Effect.fnUntraced(function*(scope: ReplayScope, wanted: ReadonlyArray<string>, total: number) {
  assert.strictEqual(yield* count(scope), total)
  const { deliveries, replay } = yield* replayAll(scope)
  assert.sameMembers(deliveries.map((_) => _.deliveryId), [...wanted])
  assert.deepInclude<object>(replay, { status: "completed", total, deliveries: wanted.length })
  assert.strictEqual(replay.done + replay.skipped, total)
  return replay
})
