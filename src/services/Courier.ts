import { Cause, Context, Duration, Effect, Exit, FiberRef, HashMap, Layer, Option } from "effect"
import { DestinationId } from "../domain/Ids.ts"
import * as Judgement from "../domain/Judgement.ts"
import * as NextStep from "../domain/NextStep.ts"
import * as QueueMessage from "../domain/QueueMessage.ts"
import * as Rungs from "../domain/Rungs.ts"
import * as AttemptNotes from "./AttemptNotes.ts"
import * as AttemptReport from "./AttemptReport.ts"
import * as Batch from "./Batch.ts"
import * as Call from "./Call.ts"
import * as Elapsed from "./Elapsed.ts"
import * as Farewell from "./Farewell.ts"
import * as Ids from "./Ids.ts"
import { type Called, Lanes } from "./Lanes.ts"
import { Leases } from "./Leases.ts"
import { Limits } from "./Limits.ts"
import * as LockedClaims from "./LockedClaims.ts"
import * as Metrics from "./Metrics.ts"
import type { Settlement } from "./ports/Broker.ts"
import { CallbackClient } from "./ports/CallbackClient.ts"
import { Traces } from "./ports/Traces.ts"
import { Precedence } from "./Precedence.ts"
import { Settings } from "./Settings.ts"
import { ClaimStore, type Work } from "./store/ClaimStore.ts"
import { HoldStore } from "./store/HoldStore.ts"
import { RecordStore } from "./store/RecordStore.ts"
import { isRejected } from "./store/Store.ts"
import * as StorePatience from "./StorePatience.ts"
import { Vault } from "./Vault.ts"

/**
 * Carries deliveries to their callbacks: lock, claim, call, judge, record, settle. Each has a fiber of its own, whose log bears
 * its ids.
 */
export class Courier extends Context.Tag("sluice/services/Courier")<Courier, {
  /** Carries out what a new event's message asks for, and says what is to become of the message. */
  readonly carry: (message: QueueMessage.DeliveryMessage) => Effect.Effect<Settlement>
  /** The same for one that comes again, which gives way to new events. */
  readonly carryAgain: (message: QueueMessage.DeliveryMessage) => Effect.Effect<Settlement>
}>() {
  static readonly layer = Layer.scoped(Courier, Effect.suspend(() => make))
}

const maxPerStatement = 128
const statementsInFlight = 2
const betweenStatements = Duration.millis(10)
// Where only its message waits for a record, fewer and larger ones cost nobody anything.
const betweenRecords = Duration.millis(25)

const parkingMs = 250
// Much later than that no lock is released.
const lockedAtMost = 250

// The lane of messages that do not say for whom they are.
const unnamed = DestinationId.make("00000000-0000-0000-0000-000000000000")

const ack: Settlement = { _tag: "Ack" }

/** What others may have before an attempt is over. */
interface GiveUp {
  /** Its turn before new events, when it begins to wait for the callback. */
  readonly turn: Effect.Effect<void>
  /** Its place in the lane, when the call has ended: recording it takes none. */
  readonly place: Called
}

/** How far an attempt has come. */
interface Progress {
  /** There is an outcome. Until then an interrupted attempt is given back as it was. */
  isMade: boolean
}

const make = Effect.gen(function*() {
  const claims = yield* ClaimStore
  const records = yield* RecordStore
  const lanes = yield* Lanes
  const leases = yield* Leases
  const limits = yield* Limits
  const millis = yield* Elapsed.reader
  const seconds = yield* Elapsed.secondsReader
  const precedence = yield* Precedence
  const { queues, retryPolicy, rungs } = yield* Settings
  const store = yield* HoldStore
  const traces = yield* Traces
  const call = Call.make(yield* Vault, yield* CallbackClient)

  const batched = {
    maxEntries: maxPerStatement,
    parallel: statementsInFlight,
    rest: betweenStatements,
    separate: isRejected
  }
  const locked = yield* LockedClaims.make
  const { submit: claim } = yield* Batch.make({ ...batched, commit: locked.claim })
  const recorded = { ...batched, commit: records.record }
  const { submit: record } = yield* Batch.make({ ...recorded, rest: betweenRecords })
  // The next attempt waits for its place.
  const { submit: recordSoon } = yield* Batch.make({ ...recorded, parallel: 1 })
  const { submit: hold } = yield* Batch.make({ ...batched, commit: store.hold })

  // Where somebody else is at it; not so short that the message circles all the while.
  const parking = Rungs.atLeast(rungs, parkingMs)

  const forward = (rung: number, message: QueueMessage.DeliveryMessage): Settlement => ({
    _tag: "Forward",
    publication: { queue: queues.rung(rung), content: QueueMessage.encode(message) }
  })

  const outlived = ({ eventId }: Work) =>
    Effect.logWarning("An attempt outlived its lease; its successor's record stands").pipe(
      Effect.annotateLogs({ eventId }),
      Effect.as(ack)
    )

  /** Lets go of what its next message may find before the others are released. */
  const release = (work: Work) => Effect.zipRight(leases.letGo(work), locked.release([work]))

  /** Makes the call, beyond which the body is not kept. None where somebody else may make the attempt by now. */
  const sent = Effect.fnUntraced(function*(work: Work, claimed: number, progress: Progress, giveUp: GiveUp) {
    const body = yield* StorePatience.wait(claims.load(work))
    // Nothing may take long from here to the call: who was frozen or cut off may find that somebody else makes the attempt.
    if (!(yield* StorePatience.wait(leases.holds(work)))) return Option.none()
    const startedAt = work.claimedAt + millis() - claimed
    yield* giveUp.turn
    const calledAt = seconds()
    const outcome = yield* Option.match(body, {
      onNone: () => Effect.succeed(Call.contentMissing),
      onSome: (bytes) => Metrics.underWay(call(work, bytes, startedAt))
    })
    progress.isMade = true
    return Option.some({ startedAt, outcome, took: Duration.seconds(seconds() - calledAt) })
  })

  const attempt = Effect.fnUntraced(function*(work: Work, claimed: number, progress: Progress, giveUp: GiveUp) {
    const made = yield* sent(work, claimed, progress, giveUp)
    if (Option.isNone(made)) return yield* outlived(work)
    const { outcome, startedAt, took } = made.value
    // One that all workers count is given up on Redis when the attempt is over, and here not before.
    yield* giveUp.place({ took: Duration.toMillis(took), givesUp: work.concurrency === null })
    yield* Metrics.attempted(Judgement.problem(outcome)._tag === "None", Judgement.result(outcome), took)
    const endedAt = startedAt + Duration.toMillis(took)
    const policy = { ...retryPolicy, ...work.retryPolicy }
    const next = yield* NextStep.decide(Judgement.judge(outcome, endedAt), policy, rungs, work.attempt)
    const recording = work.concurrency === null ? record : recordSoon
    const ours = yield* StorePatience.wait(recording(AttemptReport.make({ work, startedAt, took, outcome, next })))
    if (!ours) return yield* outlived(work)
    const recordedAt = work.claimedAt + millis() - claimed
    yield* AttemptNotes.tell(traces, { work, startedAt, took, outcome, next, recordedAt })
    if (next._tag !== "Retrying") return ack
    if (next.delayMs < lockedAtMost) yield* release(work)
    return forward(next.delayMs, message({ ...work, attempt: work.attempt + 1 }))
  })

  /** Leaves the delivery in the database until there is room for it. While another worker has it the message comes again. */
  const wait = (message: QueueMessage.DeliveryMessage, destinationId: DestinationId, token: string | null) =>
    Effect.flatMap(
      StorePatience.wait(hold({ ...message, token })),
      (busy) => busy ? Effect.succeed(forward(parking, message)) : Effect.as(lanes.held(destinationId), ack)
    )

  const admitted = Effect.fnUntraced(function*(work: Work, since: number, progress: Progress, giveUp: GiveUp) {
    const claimed = millis()
    yield* leases.keep(work, since)
    if (yield* limits.admit(work)) return yield* attempt(work, claimed, progress, giveUp)
    return yield* Effect.zipLeft(wait(message(work), work.destinationId, work.token), release(work))
  })

  // First of all it is no longer renewed, so that nothing of it is taken up again behind its back.
  const over = (work: Work) =>
    Effect.zipRight(leases.letGo(work), Effect.zipRight(limits.leave(work), locked.releaseSoon(work)))

  const givenBack = (work: Work) => Farewell.say(Effect.zipRight(claims.giveBack(work), release(work)))

  /** What a claim asks for. It ends with the attempt, or is given back. */
  const underClaim = (work: Work, since: number, giveUp: GiveUp) => {
    const progress = { isMade: false }
    return Effect.onExit(
      admitted(work, since, progress, giveUp),
      (exit) =>
        !progress.isMade && Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause)
          ? Effect.ensuring(givenBack(work), over(work))
          : over(work)
    )
  }

  const claimed = Effect.fnUntraced(function*(message: QueueMessage.DeliveryMessage, giveUp: GiveUp) {
    const token = yield* Ids.next
    const since = millis()
    const outcome = yield* StorePatience.wait(claim({ ...message, token }))
    switch (outcome._tag) {
      case "Claimed":
        return yield* underClaim(outcome.work, since, giveUp)
      case "Busy":
        return forward(parking, message)
      default:
        return ack
    }
  })

  const carry = (message: QueueMessage.DeliveryMessage, turn: Option.Option<Effect.Effect<void>>) =>
    lanes.pass(message.destinationId ?? unnamed, {
      again: turn,
      inside: (place) => claimed(message, { turn: Option.getOrElse(turn, () => Effect.void), place }),
      otherwise: message.destinationId === undefined
        ? Effect.succeed(forward(parking, message))
        : wait(message, message.destinationId, null)
    })

  return Courier.of({
    carry: (message) =>
      Effect.zipRight(precedence.arrived, Effect.zipRight(named(message), carry(message, Option.none()))),
    carryAgain: (message) =>
      Effect.zipRight(named(message), precedence.giveWay((turn) => carry(message, Option.some(turn))))
  })
})

/** Lets whatever its fiber logs from now on be found by the message's ids. Taking them back would cost more than the rest. */
const named = ({ attempt, deliveryId, generation }: QueueMessage.DeliveryMessage) =>
  FiberRef.update(
    FiberRef.currentLogAnnotations,
    HashMap.union(HashMap.make(
      ["service", "Courier"],
      ["deliveryId", deliveryId],
      ["generation", generation],
      ["attempt", attempt]
    ))
  )

const message = (work: Pick<Work, "deliveryId" | "generation" | "attempt" | "destinationId">) =>
  ({
    v: 1,
    deliveryId: work.deliveryId,
    generation: work.generation,
    attempt: work.attempt,
    destinationId: work.destinationId
  }) as const
