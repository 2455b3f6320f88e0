import { SqlClient } from "@effect/sql"
import { Context, Duration, Effect, Layer, Option } from "effect"
import { type Delivery, isOver, type RetryOutcome } from "../domain/Delivery.ts"
import { Conflict, NotFound } from "../domain/Errors.ts"
import type { DeliveryId } from "../domain/Ids.ts"
import type { DeliveryMessage } from "../domain/QueueMessage.ts"
import type { Replay } from "../domain/Replay.ts"
import { Audit } from "./Audit.ts"
import { Dispatch } from "./Dispatch.ts"
import { Replays } from "./Replays.ts"
import { DeliveryReader } from "./store/DeliveryReader.ts"
import { type BroughtForward, DeliveryStore } from "./store/DeliveryStore.ts"
import { type StoreError, transaction } from "./store/Store.ts"

/** The delivery as it stands then, and what was done. */
export interface Retried {
  readonly delivery: Delivery
  readonly outcome: RetryOutcome
  /** Where its event is delivered to its destination once more. */
  readonly replay: Replay | null
}

/** What a retry comes to, and what is to be published for it. */
interface Done extends Pick<Retried, "outcome" | "replay"> {
  readonly messages: ReadonlyArray<DeliveryMessage>
}

export interface Cancelled {
  readonly delivery: Delivery
  /** Whether a call is under way: it is still recorded, and if it succeeds the delivery is delivered after all. */
  readonly attemptUnderWay: boolean
}

/** Single deliveries, as operators steer them. `actor` goes into the audit. */
export class Deliveries extends Context.Tag("sluice/services/Deliveries")<Deliveries, {
  /**
   * Sends a delivery now: one that waits is brought forward, within its generation and budget; one that has ended without
   * success begins again, as a replay.
   */
  readonly retry: (actor: string, id: DeliveryId) => Effect.Effect<Retried, NotFound | Conflict | StoreError>
  /** Ends a delivery that has not ended: no further attempt is made. */
  readonly cancel: (
    actor: string,
    id: DeliveryId,
    reason: Option.Option<string>
  ) => Effect.Effect<Cancelled, NotFound | Conflict | StoreError>
}>() {
  static readonly layer = Layer.effect(Deliveries, Effect.suspend(() => make))
}

const underWay: Done = { outcome: "under_way", replay: null, messages: [] }

// The delivery is due in the database; without the broker the sweeper publishes it later.
const patience = Duration.seconds(1)

const make = Effect.gen(function*() {
  const audit = yield* Audit
  const dispatch = yield* Dispatch
  const reader = yield* DeliveryReader
  const replays = yield* Replays
  const sql = yield* SqlClient.SqlClient
  const store = yield* DeliveryStore

  const known = (id: DeliveryId) => <A, E>(look: Effect.Effect<Option.Option<A>, E>) =>
    Effect.flatMap(
      look,
      Option.match({
        onNone: () => new NotFound({ message: `There is no delivery ${id}.` }),
        onSome: Effect.succeed<A>
      })
    )

  const note = (actor: string, action: string, id: DeliveryId, detail: Readonly<Record<string, unknown>>) =>
    audit.append({ actor, action, subjectType: "delivery", subjectId: id, detail })

  /** What is done for a delivery that is not brought forward. */
  const otherwise = Effect.fnUntraced(
    function*(actor: string, id: DeliveryId, { destination, destinationId, eventId, state }: BroughtForward) {
      if (state === "delivering") return underWay
      if (state === "delivered") {
        return yield* new Conflict({
          message: `It was delivered. POST /api/v1/events/${eventId}/replay delivers its event once more.`
        })
      }
      if (destination !== "active") return yield* new Conflict({ message: refusals[destination ?? "deleted"] })
      if (!isOver(state)) return underWay
      const begun = yield* replays.begin({
        eventId,
        destinationId: Option.some(destinationId),
        reason: `Retry of the ${state} delivery ${id}`,
        actor
      })
      return { outcome: "replayed", ...begun } satisfies Done
    }
  )

  /** Whoever asks again meanwhile waits for the delivery's row, and finds what was done. */
  const begin = (actor: string, id: DeliveryId) =>
    transaction(
      sql,
      Effect.gen(function*() {
        const found = yield* known(id)(store.bringForward(id))
        if (Option.isNone(found.message)) return yield* otherwise(actor, id, found)
        yield* note(actor, "delivery.retried", id, { from: found.state })
        return { outcome: "brought_forward", replay: null, messages: [found.message.value] } satisfies Done
      })
    )

  return Deliveries.of({
    retry: Effect.fn("Deliveries.retry")(function*(actor, id) {
      const { messages, outcome, replay } = yield* begin(actor, id)
      if (messages.length > 0) yield* Effect.ignore(Effect.timeout(dispatch.again(messages), patience))
      return { delivery: yield* known(id)(reader.find(id)), outcome, replay }
    }),

    cancel: Effect.fn("Deliveries.cancel")(function*(actor, id, reason) {
      const state = yield* transaction(
        sql,
        store.cancel(id).pipe(
          known(id),
          Effect.filterOrFail(
            (state) => !isOver(state),
            (state) => new Conflict({ message: `It has ended: it is ${state}.` })
          ),
          Effect.tap((state) =>
            note(actor, "delivery.cancelled", id, { from: state, reason: Option.getOrNull(reason) })
          )
        )
      )
      return { delivery: yield* known(id)(reader.find(id)), attemptUnderWay: state === "delivering" }
    })
  })
})

const refusals = {
  paused: "Its destination is paused: resume it first. What is held for it then goes out by itself.",
  disabled: "Its destination is disabled: resume it first. What is held for it then goes out by itself.",
  deleted: "Its destination is deleted, so it can never be delivered."
} as const
