import { Array, Context, Duration, Effect, Either, Layer, Schedule } from "effect"
import * as QueueMessage from "../domain/QueueMessage.ts"
import * as Loop from "./Loop.ts"
import * as Metrics from "./Metrics.ts"
import { Broker } from "./ports/Broker.ts"
import { Settings } from "./Settings.ts"
import { DispatchStore } from "./store/DispatchStore.ts"
import type { StoreError } from "./store/Store.ts"

/** Brings deliveries that stand in the database to the broker. */
export class Dispatch extends Context.Tag("sluice/services/Dispatch")<Dispatch, {
  /**
   * Publishes the deliveries of one commit in the background, and notes a little later which were confirmed. Never waits: what
   * finds no room, or is not confirmed, stays for the sweeper.
   */
  readonly enqueue: (messages: ReadonlyArray<QueueMessage.DeliveryMessage>) => Effect.Effect<void>
  /** Publishes deliveries that come again, now, and notes what was confirmed; how many that were. */
  readonly again: (messages: ReadonlyArray<QueueMessage.DeliveryMessage>) => Effect.Effect<number, StoreError>
}>() {
  static readonly layer = Layer.scoped(Dispatch, Effect.suspend(() => make))
}

const mostUnfinished = 10_000
const commitsPerPublish = 8
const parallel = 2
const maxPerStatement = 1_000
// So that a note comes well within the grace after which the sweeper takes a delivery for unpublished.
const notesPerGrace = 5
const longestUnnoted = Duration.seconds(1)
const shortestUnnoted = Duration.millis(10)
const farewell = Duration.seconds(5)
// The log names the first of many.
const named = 5

const idsOf = (messages: ReadonlyArray<QueueMessage.DeliveryMessage>) =>
  messages.slice(0, named).map(({ deliveryId }) => deliveryId)

const make = Effect.gen(function*() {
  const broker = yield* Broker
  const store = yield* DispatchStore
  const { queues, sweep } = yield* Settings

  const publish = Effect.fnUntraced(function*(
    queue: string,
    messages: ReadonlyArray<QueueMessage.DeliveryMessage>
  ) {
    if (messages.length === 0) return []
    const outcomes = yield* broker.publish(messages.map((_) => ({ queue, content: QueueMessage.encode(_) })))
    const confirmed = Array.zip(messages, outcomes).flatMap(([message, outcome]) =>
      Either.isRight(outcome) ? [message] : []
    )
    yield* Metrics.published(confirmed.length, messages.length - confirmed.length)
    if (confirmed.length < messages.length) {
      yield* Effect.logWarning("Deliveries could not be queued; the sweeper tries them again", {
        count: messages.length - confirmed.length,
        reasons: [...new Set(Array.getLefts(outcomes).map((_) => _.reason))]
      }).pipe(Effect.annotateLogs({ deliveryIds: idsOf(messages) }))
    }
    return confirmed
  })

  // By the time they are noted most are claimed or done, and cost no write.
  const unnoted: globalThis.Array<QueueMessage.DeliveryMessage> = []
  const noteTurn = yield* Effect.makeSemaphore(1)
  const note = Effect.whileLoop({
    while: () => unnoted.length > 0,
    body: () => {
      const messages = unnoted.splice(0, maxPerStatement)
      return Effect.uninterruptible(
        Effect.tapErrorCause(store.markQueued(messages), () => Effect.sync(() => unnoted.unshift(...messages)))
      )
    },
    step: () => undefined
  }).pipe(noteTurn.withPermits(1))
  const noting = Schedule.spaced(
    Duration.clamp(Duration.times(sweep.grace, 1 / notesPerGrace), {
      minimum: shortestUnnoted,
      maximum: longestUnnoted
    })
  )
  yield* Loop.forkRepeating("Noting what is queued", noting, note)

  const pending: globalThis.Array<ReadonlyArray<QueueMessage.DeliveryMessage>> = []
  const filled = yield* Effect.makeLatch()
  let unfinished = 0

  const takeSome = Effect.map(filled.await, () => {
    const commits = pending.splice(0, commitsPerPublish)
    if (pending.length === 0) filled.unsafeClose()
    return commits.flat()
  })

  yield* takeSome.pipe(
    Effect.flatMap((messages) =>
      publish(queues.process, messages).pipe(
        Effect.map((confirmed) => {
          // So many wait only while PostgreSQL takes no notes; the sweeper looks after the rest.
          if (unnoted.length >= mostUnfinished) return
          for (const message of confirmed) unnoted.push(message)
        }),
        Effect.catchAllCause((cause) =>
          Effect.logWarning("Queueing deliveries failed; the sweeper tries them again", cause).pipe(
            Effect.annotateLogs({ deliveryIds: idsOf(messages) })
          )
        ),
        Effect.ensuring(Effect.sync(() => unfinished -= messages.length))
      )
    ),
    Effect.forever,
    (worker) => Effect.all(Array.replicate(worker, parallel), { concurrency: "unbounded" }),
    Effect.forkScoped
  )

  // Added last, so it runs before the workers are interrupted: what was accepted just now is still queued, and noted.
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => unfinished).pipe(
      Effect.repeat({ until: (count) => count === 0, schedule: Schedule.spaced("10 millis") }),
      Effect.zipRight(note),
      // Where PostgreSQL is silent its statement is not waited for.
      Effect.disconnect,
      Effect.interruptible,
      Effect.timeout(farewell),
      Effect.ignore
    )
  )

  return Dispatch.of({
    enqueue: (messages) =>
      Effect.suspend(() => {
        // One commit always finds room, however many destinations its events have.
        if (messages.length === 0 || unfinished > 0 && unfinished + messages.length > mostUnfinished) return Effect.void
        unfinished += messages.length
        pending.push(messages)
        filled.unsafeOpen()
        return Effect.void
      }),
    again: Effect.fnUntraced(function*(messages) {
      const confirmed = yield* publish(queues.retry, messages)
      if (confirmed.length > 0) yield* store.markQueued(confirmed)
      return confirmed.length
    })
  })
})
