import { SqlClient } from "@effect/sql"
import { Context, Duration, Effect, Either, Layer, Option } from "effect"
import { Conflict, NotFound } from "../domain/Errors.ts"
import * as Filter from "../domain/Filter.ts"
import type { DestinationId, EventId, ReplayId } from "../domain/Ids.ts"
import * as JsonBody from "../domain/JsonBody.ts"
import * as QueueMessage from "../domain/QueueMessage.ts"
import type { Replay } from "../domain/Replay.ts"
import { Audit } from "./Audit.ts"
import { Dispatch } from "./Dispatch.ts"
import * as Ids from "./Ids.ts"
import { Broker } from "./ports/Broker.ts"
import { Settings } from "./Settings.ts"
import { type Replayable, ReplayStore } from "./store/ReplayStore.ts"
import { type StoreError, transaction } from "./store/Store.ts"

export interface ReplayRequest {
  readonly eventId: EventId
  /** None: every destination that has a delivery of the event, and those that match it now. */
  readonly destinationId: Option.Option<DestinationId>
  readonly reason: string
  readonly actor: string
}

/** Delivering again on an operator's request: a new generation of deliveries, each with a fresh budget. */
export class Replays extends Context.Tag("sluice/services/Replays")<Replays, {
  /** Notes and audits the request; a worker carries it out. */
  readonly request: (request: ReplayRequest) => Effect.Effect<Replay, NotFound | Conflict | StoreError>
  /** Carries out a waiting replay; one that is not waiting any more is left alone. */
  readonly run: (id: ReplayId) => Effect.Effect<void, StoreError>
  /** Asks the workers for replays, such as those whose message was lost. */
  readonly publish: (ids: ReadonlyArray<ReplayId>) => Effect.Effect<void>
}>() {
  static readonly layer = Layer.effect(Replays, Effect.suspend(() => make))
}

// The request stands in the database; without the broker the sweeper publishes it later.
const patience = Duration.seconds(1)
// The log names the first of many.
const named = 5

const make = Effect.gen(function*() {
  const audit = yield* Audit
  const broker = yield* Broker
  const dispatch = yield* Dispatch
  const sql = yield* SqlClient.SqlClient
  const store = yield* ReplayStore
  const { queues } = yield* Settings

  const publish = Effect.fn("Replays.publish")(function*(ids: ReadonlyArray<ReplayId>) {
    const outcomes = yield* broker.publish(
      ids.map((replayId) => ({ queue: queues.replay, content: QueueMessage.encode({ v: 1, replayId }) }))
    )
    const failed = outcomes.filter(Either.isLeft)
    if (failed.length > 0) {
      yield* Effect.logWarning("Replays could not be queued; the sweeper tries them again", { count: failed.length })
        .pipe(
          Effect.annotateLogs({ replayIds: ids.slice(0, named) })
        )
    }
  })

  return Replays.of({
    publish,

    request: Effect.fn("Replays.request")(function*({ actor, destinationId, eventId, reason }) {
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
      const replay = yield* transaction(
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
      yield* Effect.ignore(Effect.timeout(publish([replay.id]), patience))
      return replay
    }),

    run: Effect.fn("Replays.run")(function*(id) {
      yield* dispatch.again(yield* store.run(id))
    })
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
  const found = event.destinations.filter(({ filter, tried }) => tried || Filter.matches(filter, event.type, json))
  return found.length > 0
    ? Effect.succeed(found.map(({ id }) => id))
    : new Conflict({
      message: "The event has no delivery, and no destination of its integration matches it. Name one as destinationId."
    })
}
