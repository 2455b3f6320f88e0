import { SqlClient } from "@effect/sql"
import { Context, Duration, Effect, Layer, Option } from "effect"
import { type Delivery, isOver, type RetryOutcome } from "../domain/Delivery.ts"
import { Conflict, NotFound } from "../domain/Errors.ts"
import type { DeliveryId } from "../domain/Ids.ts"
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

  const bringForward = (actor: string, id: DeliveryId) =>
    transaction(
      sql,
      store.bringForward(id).pipe(
        known(id),
        Effect.tap(({ message, state }) =>
          Option.isSome(message) ? note(actor, "delivery.retried", id, { from: state }) : Effect.void
        )
      )
    )

  /** What is done for a delivery that is left as it was found. */
  const otherwise = Effect.fnUntraced(
    function*(actor: string, id: DeliveryId, { destination, destinationId, eventId, state }: BroughtForward) {
      if (state === "delivering") return null
      if (state === "delivered") {
        return yield* new Conflict({
          message: `It was delivered. POST /api/v1/events/${eventId}/replay delivers its event once more.`
        })
      }
      if (destination !== "active") return yield* new Conflict({ message: refusals[destination ?? "deleted"] })
      if (!isOver(state)) return null
      const replay = yield* replays.request({
        eventId,
        destinationId: Option.some(destinationId),
        reason: `Retry of the ${state} delivery ${id}`,
        actor
      })
      // At once, so that it is on its way for whoever asks again; where that fails a worker does it.
      yield* Effect.ignore(Effect.timeout(replays.run(replay.id), patience))
      return replay
    }
  )

  return Deliveries.of({
    retry: Effect.fn("Deliveries.retry")(function*(actor, id) {
      const found = yield* bringForward(actor, id)
      const broughtForward = Option.isSome(found.message)
      if (broughtForward) yield* Effect.ignore(Effect.timeout(dispatch.again([found.message.value]), patience))
      const replay = broughtForward ? null : yield* otherwise(actor, id, found)
      return {
        delivery: yield* known(id)(reader.find(id)),
        outcome: broughtForward ? "brought_forward" : replay === null ? "under_way" : "replayed",
        replay
      }
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
