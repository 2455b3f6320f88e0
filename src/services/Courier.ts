import { Clock, Context, Effect, Layer, Option, Schedule } from "effect"
import * as Judgement from "../domain/Judgement.ts"
import * as NextStep from "../domain/NextStep.ts"
import * as QueueMessage from "../domain/QueueMessage.ts"
import * as Batch from "./Batch.ts"
import * as Call from "./Call.ts"
import * as Ids from "./Ids.ts"
import { Leases, lockKey } from "./Leases.ts"
import type { Settlement } from "./ports/Broker.ts"
import { CallbackClient } from "./ports/CallbackClient.ts"
import { Coordination } from "./ports/Coordination.ts"
import { Settings } from "./Settings.ts"
import { ClaimStore, type Work } from "./store/ClaimStore.ts"
import { RecordStore, type Report } from "./store/RecordStore.ts"
import type { StoreError } from "./store/Store.ts"
import { Vault } from "./Vault.ts"

/** Carries deliveries to their callbacks: lock, claim, call, judge, record, settle. */
export class Courier extends Context.Tag("sluice/services/Courier")<Courier, {
  /** Carries out what a message asks for, and says what is to become of the message. */
  readonly carry: (message: QueueMessage.DeliveryMessage) => Effect.Effect<Settlement>
}>() {
  static readonly layer = Layer.scoped(Courier, Effect.suspend(() => make))
}

const maxPerStatement = 128
const statementsInFlight = 2

/** While PostgreSQL is away a message stays in hand; the hard limit on those keeps the rest in the queue. */
const untilStoreReturns = Schedule.exponential("100 millis").pipe(
  Schedule.union(Schedule.spaced("2 seconds")),
  Schedule.jittered
)

const ack: Settlement = { _tag: "Ack" }

const make = Effect.gen(function*() {
  const claims = yield* ClaimStore
  const records = yield* RecordStore
  const coordination = yield* Coordination
  const leases = yield* Leases
  const { lockTtl, queues, retryPolicy, rungs } = yield* Settings
  const call = Call.make(claims, yield* Vault, yield* CallbackClient)

  const capacity = maxPerStatement * 2
  const batched = { maxEntries: maxPerStatement, parallel: statementsInFlight, capacity }
  const claim = yield* Batch.make({ ...batched, commit: claims.claim })
  const record = yield* Batch.make({ ...batched, commit: records.record })

  const forward = (rung: number, message: QueueMessage.DeliveryMessage): Settlement => ({
    _tag: "Forward",
    publication: { queue: queues.rung(rung), content: QueueMessage.encode(message) }
  })

  const report = (
    work: Work,
    outcome: Judgement.Outcome,
    next: NextStep.NextStep,
    startedAt: number,
    endedAt: number
  ): Report => ({
    deliveryId: work.deliveryId,
    destinationId: work.destinationId,
    token: work.token,
    generation: work.generation,
    attempt: work.attempt,
    startedAt,
    durationMs: Math.round(endedAt - startedAt),
    httpStatus: outcome._tag === "Answered" ? outcome.status : null,
    error: Option.getOrNull(Judgement.problem(outcome)),
    responseBody: outcome._tag === "Answered" ? outcome.body : null,
    state: states[next._tag],
    delayMs: next._tag === "Retrying" ? next.delayMs : null,
    gone: outcome._tag === "Answered" && outcome.status === 410
  })

  const attempt = Effect.fn("Courier.attempt")(function*(work: Work) {
    const startedAt = yield* Clock.currentTimeMillis
    // Until there is an outcome nothing is counted, so an interrupted attempt is given back as it was.
    const outcome = yield* call(work).pipe(
      retryStore,
      Effect.onInterrupt(() => Effect.ignore(claims.giveBack(work)))
    )
    const endedAt = yield* Clock.currentTimeMillis
    const policy = { ...retryPolicy, ...work.retryPolicy }
    const next = yield* NextStep.decide(Judgement.judge(outcome, endedAt), policy, rungs, work.attempt)
    const ours = yield* retryStore(record(report(work, outcome, next, startedAt, endedAt)))
    if (!ours) {
      yield* Effect.logWarning("An attempt outlived its lease; its successor's record stands", {
        deliveryId: work.deliveryId
      })
      return ack
    }
    return next._tag === "Retrying"
      ? forward(next.delayMs, {
        v: 1,
        deliveryId: work.deliveryId,
        generation: work.generation,
        attempt: work.attempt + 1
      })
      : ack
  })

  const claimed = Effect.fnUntraced(function*(message: QueueMessage.DeliveryMessage, token: string) {
    const outcome = yield* retryStore(claim({ ...message, token }))
    switch (outcome._tag) {
      case "Claimed":
        return yield* Effect.scoped(Effect.zipRight(leases.keep(outcome.work), attempt(outcome.work)))
      case "Busy":
        return forward(rungs[0], message)
      default:
        return ack
    }
  })

  return Courier.of({
    carry: Effect.fn("Courier.carry")(function*(message) {
      const token = yield* Ids.next
      const key = lockKey(message.deliveryId)
      return yield* Effect.acquireUseRelease(
        // Without Redis the claim alone is the fence.
        Effect.orElseSucceed(coordination.lock(key, token, lockTtl), () => true),
        (locked) => locked ? claimed(message, token) : Effect.succeed(forward(rungs[0], message)),
        (locked) => locked ? Effect.ignore(coordination.unlock(key, token)) : Effect.void
      )
    }, Effect.annotateLogs("service", "Courier"))
  })
})

const states = { Delivered: "delivered", Retrying: "retrying", Dead: "dead" } as const

const retryStore = <A>(effect: Effect.Effect<A, StoreError>): Effect.Effect<A> =>
  effect.pipe(
    Effect.tapError((error) => Effect.logWarning("PostgreSQL cannot be used now; the message waits", error)),
    Effect.retry({
      schedule: untilStoreReturns,
      while: ({ reason }) => reason === "Unavailable" || reason === "Contended"
    }),
    Effect.orDie
  )
