import { Context, Duration, Effect, Either, Layer, Option, Ref } from "effect"
import { MarkerId } from "../domain/Ids.ts"
import * as QueueMessage from "../domain/QueueMessage.ts"
import { Cancellations } from "./Cancellations.ts"
import { Dispatch } from "./Dispatch.ts"
import * as Farewell from "./Farewell.ts"
import * as Ids from "./Ids.ts"
import * as Metrics from "./Metrics.ts"
import { Broker } from "./ports/Broker.ts"
import { Releases } from "./Releases.ts"
import { Replays } from "./Replays.ts"
import { Settings } from "./Settings.ts"
import { ReplayStore } from "./store/ReplayStore.ts"
import type { StoreError } from "./store/Store.ts"
import { leadership, type Marker, type Place, start, type Step, SweepStore } from "./store/SweepStore.ts"

/**
 * Finds in PostgreSQL whatever the queues lost, and dispatches it again; never what merely waits in a long queue.
 *
 * A marker travels through the retry queue and then the process queue now and then. When it is back, everything that was
 * queued before it has been handed out, so a delivery that was queued before it and is neither claimed nor done has lost its
 * message.
 */
export class Sweeper extends Context.Tag("sluice/services/Sweeper")<Sweeper, {
  /** One bounded round, where this process leads; nothing where another one does. */
  readonly sweep: Effect.Effect<void, StoreError>
  /** A marker has come back. */
  readonly markerReturned: (id: MarkerId) => Effect.Effect<void, StoreError>
  /** Daily partitions and the forgetting of what has no use any more. */
  readonly maintain: Effect.Effect<void, StoreError>
}>() {
  static readonly layer = Layer.scoped(Sweeper, Effect.suspend(() => make))
}

/** What the log says of a find, and why: the fault suite looks for it there. */
export const queuedAgain = "Deliveries without a message were queued again"
export const why = { neverQueued: "they were never queued", lost: "the broker lost it" } as const

const kinds = { neverQueued: "never_queued", lost: "lost" } as const
// The log names the first of many.
const named = 5

const perStep = 500
const stepsPerRound = 50
const replaysPerRound = 100
const daysAhead = 7
const keepRejections = Duration.days(7)
const leadershipRounds = 3

/** How far this process has looked. It starts again from the beginning, which is safe, only longer. */
interface Progress {
  /** Nothing before this place is left unpublished. */
  readonly unpublished: Place
  /** The marker whose lost messages were looked for last, and where that goes on; none once it is done. */
  readonly marker: Option.Option<Marker>
  readonly lost: Option.Option<Place>
  /** Whether a marker was sent since this process leads: one of a leader that died may be gone with it. */
  readonly marked: boolean
  /** Whether the broker refused something in this round: another worker may have better luck with it. */
  readonly refused: boolean
}

const beginning: Progress = {
  unpublished: start,
  marker: Option.none(),
  lost: Option.none(),
  marked: false,
  refused: false
}

const make = Effect.gen(function*() {
  const broker = yield* Broker
  const cancellations = yield* Cancellations
  const dispatch = yield* Dispatch
  const releases = yield* Releases
  const replays = yield* Replays
  const replayStore = yield* ReplayStore
  const { queues, sweep: timing } = yield* Settings
  const store = yield* SweepStore

  const holder = yield* Ids.next
  const progress = yield* Ref.make(beginning)
  // Whoever goes on need not wait for the lead to lapse.
  yield* Effect.addFinalizer(() => Farewell.say(store.resign(leadership, holder)))

  const lead = store.lead(leadership, holder, Duration.times(timing.every, leadershipRounds))

  const note = Effect.fnUntraced(function*(because: keyof typeof why, { lost, states }: Step, published: number) {
    // The look for what the broker lost also meets what it never had, such as what was planned for a later moment.
    const unqueued = because === "neverQueued" ? published : Math.min(states["pending"] ?? 0, published)
    yield* Metrics.found(kinds.neverQueued, unqueued)
    yield* Metrics.found(kinds.lost, published - unqueued)
    const reason = unqueued === published ? why.neverQueued : why.lost
    yield* Effect.logInfo(queuedAgain, { found: lost.length, published, because: reason, states }).pipe(
      Effect.annotateLogs({ deliveryIds: lost.slice(0, named).map(({ deliveryId }) => deliveryId) })
    )
  })

  const refuse = Ref.update(progress, (_) => ({ ..._, refused: true }))

  /** Walks on from a place, a bounded way; stops early when the broker does not take what was found. */
  const walk = Effect.fnUntraced(function*(
    because: keyof typeof why,
    from: Place,
    step: (place: Place) => Effect.Effect<Step, StoreError>
  ): Effect.fn.Return<{ readonly reached: Place; readonly end: boolean }, StoreError> {
    let reached = from
    for (let steps = 0; steps < stepsPerRound; steps++) {
      const found = yield* step(reached)
      if (found.lost.length > 0) {
        const published = yield* dispatch.again(found.lost)
        if (published > 0) yield* note(because, found, published)
        if (published < found.lost.length) {
          yield* refuse
          break
        }
      }
      reached = found.reached
      if (found.end) return { reached, end: true }
      if (!(yield* lead)) break
    }
    return { reached, end: false }
  })

  const publishUnpublished = Effect.gen(function*() {
    const { unpublished } = yield* Ref.get(progress)
    const { reached } = yield* walk(
      "neverQueued",
      unpublished,
      (_) => store.unpublished(_, timing.grace, perStep)
    )
    yield* Ref.update(progress, (_) => ({ ..._, unpublished: reached }))
  })

  // A pass once begun is finished before the next marker's, so that each goes through everything.
  const nextPass = Effect.gen(function*() {
    const { lost, marker } = yield* Ref.get(progress)
    if (Option.isSome(lost)) return Option.map(marker, (marker) => ({ marker, from: lost.value }))
    const returned = yield* store.returnedMarker(timing.settle)
    return returned.pipe(
      Option.filter(({ id }) => !Option.exists(marker, (done) => done.id === id)),
      Option.map((marker) => ({ marker, from: start }))
    )
  })

  const publishLost = Effect.gen(function*() {
    const pass = yield* nextPass
    if (Option.isNone(pass)) return
    const { from, marker } = pass.value
    const { end, reached } = yield* walk(
      "lost",
      from,
      (_) => store.lostBefore(marker, _, timing.retrySlack, perStep)
    )
    yield* Ref.update(
      progress,
      (_) => ({ ..._, marker: Option.some(marker), lost: end ? Option.none() : Option.some(reached) })
    )
  })

  const sendMarker = Effect.gen(function*() {
    const { marked } = yield* Ref.get(progress)
    if (marked && !(yield* store.markerDue(timing.markerEvery, timing.markerPatience))) return
    const markerId = MarkerId.make(yield* Ids.next)
    yield* store.addMarker(markerId)
    const [outcome] = yield* broker.publish([{
      queue: queues.retry,
      content: QueueMessage.encode({ v: 1, markerId })
    }])
    if (outcome === undefined || Either.isLeft(outcome)) {
      return yield* Effect.zipRight(refuse, store.removeMarker(markerId))
    }
    yield* Ref.update(progress, (_) => ({ ..._, marked: true }))
  })

  const publishReplays = Effect.flatMap(
    replayStore.waiting(timing.grace, replaysPerRound),
    (messages) => messages.length === 0 ? Effect.void : replays.publish(messages)
  )

  return Sweeper.of({
    sweep: Effect.gen(function*() {
      const { refused } = yield* Ref.get(progress)
      // The round after a refusal is left to the others, one of whom may lead then.
      if (refused || !(yield* lead)) return yield* Ref.set(progress, beginning)
      // One that fails every time must not keep the others from their turn.
      const steps = [
        releases.begin,
        cancellations.proceed,
        publishReplays,
        publishUnpublished,
        publishLost,
        sendMarker
      ]
      const outcomes = yield* Effect.all(steps, { mode: "either" })
      if ((yield* Ref.get(progress)).refused) yield* store.resign(leadership, holder)
      yield* Effect.all(outcomes)
    }).pipe(Effect.withSpan("Sweeper.sweep"), Effect.annotateLogs("service", "Sweeper")),
    markerReturned: store.returnMarker,
    maintain: store.maintain(daysAhead, keepRejections)
  })
})
