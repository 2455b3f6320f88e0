import { SqlClient } from "@effect/sql"
import { Context, Duration, Effect, Either, Layer, Option } from "effect"
import { Conflict, NotFound } from "../domain/Errors.ts"
import type { DestinationId, EventId, ReplayId } from "../domain/Ids.ts"
import * as JsonBody from "../domain/JsonBody.ts"
import * as QueueMessage from "../domain/QueueMessage.ts"
import { goesTo, type Replay } from "../domain/Replay.ts"
import { Audit } from "./Audit.ts"
import { Dispatch } from "./Dispatch.ts"
import * as Ids from "./Ids.ts"
import { Broker } from "./ports/Broker.ts"
import { Settings } from "./Settings.ts"
import { ReplayReader } from "./store/ReplayReader.ts"
import { type Replayable, ReplayStore } from "./store/ReplayStore.ts"
import { type StoreError, transaction } from "./store/Store.ts"

export interface ReplayRequest {
  readonly eventId: EventId
  /** None: every destination that has a delivery of the event, and those that match it now. */
  readonly destinationId: Option.Option<DestinationId>
  readonly reason: string
  readonly actor: string
}

/** A replay that was carried out, and what is to be published for it. */
export interface Begun {
  readonly replay: Replay
  readonly messages: ReadonlyArray<QueueMessage.DeliveryMessage>
}

/** Delivering again on an operator's request: a new generation of deliveries, each with a fresh budget. */
export class Replays extends Context.Tag("sluice/services/Replays")<Replays, {
  /** Notes and audits the request; a worker carries it out. */
  readonly request: (request: ReplayRequest) => Effect.Effect<Replay, NotFound | Conflict | StoreError>
  /** Within the caller's transaction: notes and audits the request, and carries it out at once. */
  readonly begin: (request: ReplayRequest) => Effect.Effect<Begun, NotFound | Conflict | StoreError>
  /** Carries out a waiting replay; one that is not waiting any more is left alone. */
  readonly run: (id: ReplayId) => Effect.Effect<void, StoreError>
  /** Ends a replay of any kind; what it has given a new generation already stays so. Ending it twice is ending it once. */
  readonly cancel: (actor: string, id: ReplayId) => Effect.Effect<Replay, NotFound | Conflict | StoreError>
  /** Asks the workers for replays, such as those whose message was lost. */
  readonly publish: (messages: ReadonlyArray<QueueMessage.ReplayMessage>) => Effect.Effect<void>
  /** The same for one just requested, which does not wait for a broker that is away. */
  readonly announce: (message: QueueMessage.ReplayMessage) => Effect.Effect<void>
}>() {
  static readonly layer = Layer.effect(Replays, Effect.suspend(() => make))
}

// The request stands in the database; without the broker the sweeper publishes it later.
const patience = Duration.seconds(1)
// The log names the first of many.
const named = 5
const atATime = 4

const make = Effect.gen(function*() {
  const audit = yield* Audit
  const broker = yield* Broker
  const dispatch = yield* Dispatch
  const reader = yield* ReplayReader
  const sql = yield* SqlClient.SqlClient
  const store = yield* ReplayStore
  const { queues } = yield* Settings
  const places = yield* Effect.makeSemaphore(atATime)

  const publish = Effect.fn("Replays.publish")(function*(messages: ReadonlyArray<QueueMessage.ReplayMessage>) {
    const outcomes = yield* broker.publish(
      messages.map((message) => ({ queue: queues.replay, content: QueueMessage.encode(message) }))
    )
    const failed = outcomes.filter(Either.isLeft)
    if (failed.length > 0) {
      yield* Effect.logWarning("Replays could not be queued; the sweeper tries them again", { count: failed.length })
        .pipe(Effect.annotateLogs({ replayIds: messages.slice(0, named).map((_) => _.replayId) }))
    }
  })

  const announce = (message: QueueMessage.ReplayMessage) => Effect.ignore(Effect.timeout(publish([message]), patience))

  const note = Effect.fnUntraced(function*({ actor, destinationId, eventId, reason }: ReplayRequest) {
    const event = yield* Effect.flatten(store.replayable(eventId)).pipe(
      Effect.catchTag("NoSuchElementException", () => new NotFound({ message: `There is no event ${eventId}.` }))
    )
    if (event.body === null) {
      return yield* new Conflict({
        message: "The event's content is no longer kept, so it cannot be delivered again."
      })
    }
    const destinationIds = yield* targets(event, destinationId)
    const id = yield* Ids.next
    return yield* transaction(
      sql,
      store.insert({ id, eventId, destinationId: Option.getOrNull(destinationId), destinationIds, reason, actor })
        .pipe(
          Effect.zipLeft(audit.append({
            actor,
            action: "event.replayed",
            subjectType: "event",
            subjectId: eventId,
            detail: { replayId: id, reason, destinationIds }
          }))
        )
    )
  })

  return Replays.of({
    publish,
    announce,

    request: Effect.fn("Replays.request")((request) =>
      Effect.tap(note(request), ({ id }) => announce({ v: 1, replayId: id }))
    ),

    // Without one of the places: who holds one may wait for a row that the caller has locked.
    begin: Effect.fn("Replays.begin")(function*(request) {
      const { id } = yield* note(request)
      const messages = yield* store.run(id)
      const replay = yield* Effect.flatten(reader.find(id)).pipe(
        Effect.catchTag("NoSuchElementException", Effect.die)
      )
      return { replay, messages }
    }),

    cancel: Effect.fn("Replays.cancel")(function*(actor, id) {
      const cancelled = yield* transaction(
        sql,
        Effect.tap(
          store.cancel(id),
          (cancelled) =>
            Effect.forEach(Option.toArray(cancelled), ({ done, total }) =>
              audit.append({
                actor,
                action: "replay.cancelled",
                subjectType: "replay",
                subjectId: id,
                detail: { done, total }
              }))
        )
      )
      if (Option.isSome(cancelled)) return cancelled.value
      const replay = yield* Effect.flatten(reader.find(id)).pipe(
        Effect.catchTag("NoSuchElementException", () => new NotFound({ message: `There is no replay ${id}.` }))
      )
      return replay.status === "cancelled"
        ? replay
        : yield* new Conflict({ message: "The replay is completed, so there is nothing left to cancel." })
    }),

    run: Effect.fn("Replays.run")(function*(id) {
      yield* dispatch.again(yield* store.run(id))
    }, places.withPermits(1))
  })
})

const targets = (
  event: Replayable,
  wanted: Option.Option<DestinationId>
): Effect.Effect<ReadonlyArray<DestinationId>, NotFound | Conflict> => {
  if (Option.isSome(wanted)) {
    return event.destinations.some(({ id }) => id === wanted.value)
      ? Effect.succeed([wanted.value])
      : new NotFound({ message: `The event's integration has no destination ${wanted.value}.` })
  }
  const json = () => Option.flatMap(Option.fromNullable(event.body), JsonBody.parse)
  const found = event.destinations.filter((destination) => goesTo(destination, event.type, json))
  return found.length > 0
    ? Effect.succeed(found.map(({ id }) => id))
    : new Conflict({
      message:
        "The event's integration has no destination that has had the event or that matches it now. Add one, or name one as " +
        "destinationId."
    })
}
