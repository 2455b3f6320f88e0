import { Array, Chunk, Context, Duration, Effect, Either, Layer, Queue, Ref, Schedule } from "effect"
import * as QueueMessage from "../domain/QueueMessage.ts"
import * as Metrics from "./Metrics.ts"
import { Broker } from "./ports/Broker.ts"
import { Settings } from "./Settings.ts"
import { DispatchStore } from "./store/DispatchStore.ts"
import type { StoreError } from "./store/Store.ts"

/** Brings deliveries that stand in the database to the broker. */
export class Dispatch extends Context.Tag("sluice/services/Dispatch")<Dispatch, {
  /**
   * Publishes new events' deliveries in the background. Never waits: what finds no room, or is not confirmed, stays for the
   * sweeper.
   */
  readonly enqueue: (messages: ReadonlyArray<QueueMessage.DeliveryMessage>) => Effect.Effect<void>
  /** Publishes deliveries that come again, now, and notes what was confirmed; how many that were. */
  readonly again: (messages: ReadonlyArray<QueueMessage.DeliveryMessage>) => Effect.Effect<number, StoreError>
}>() {
  static readonly layer = Layer.scoped(Dispatch, Effect.suspend(() => make))
}

const waiting = 10_000
const maxEntries = 500
const parallel = 2
const farewell = Duration.seconds(5)
// The log names the first of many.
const named = 5

const idsOf = (messages: ReadonlyArray<QueueMessage.DeliveryMessage>) =>
  messages.slice(0, named).map(({ deliveryId }) => deliveryId)

const make = Effect.gen(function*() {
  const broker = yield* Broker
  const store = yield* DispatchStore
  const { queues } = yield* Settings

  const publish = Effect.fn("Dispatch.publish")(function*(
    queue: string,
    messages: ReadonlyArray<QueueMessage.DeliveryMessage>
  ) {
    if (messages.length === 0) return 0
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
    if (confirmed.length > 0) yield* store.markQueued(confirmed)
    return confirmed.length
  })

  const queue = yield* Queue.dropping<ReadonlyArray<QueueMessage.DeliveryMessage>>(waiting)
  const unfinished = yield* Ref.make(0)

  yield* Queue.takeBetween(queue, 1, maxEntries).pipe(
    Effect.flatMap((entries) =>
      publish(queues.process, Chunk.toReadonlyArray(entries).flat()).pipe(
        Effect.catchAllCause((cause) =>
          Effect.logWarning("Queueing deliveries failed; the sweeper tries them again", cause).pipe(
            Effect.annotateLogs({ deliveryIds: idsOf(Chunk.toReadonlyArray(entries).flat()) })
          )
        ),
        Effect.ensuring(Ref.update(unfinished, (count) => count - entries.length))
      )
    ),
    Effect.forever,
    (worker) => Effect.all(Array.replicate(worker, parallel), { concurrency: "unbounded" }),
    Effect.forkScoped
  )

  // Added last, so it runs before the workers are interrupted: what was accepted just now is still queued.
  yield* Effect.addFinalizer(() =>
    Ref.get(unfinished).pipe(
      Effect.repeat({ until: (count) => count === 0, schedule: Schedule.spaced("10 millis") }),
      Effect.interruptible,
      Effect.timeout(farewell),
      Effect.ignore
    )
  )

  return Dispatch.of({
    enqueue: (messages) =>
      Effect.whenEffect(Ref.update(unfinished, (count) => count + 1), Queue.offer(queue, messages)).pipe(
        Effect.unless(() => messages.length === 0),
        Effect.asVoid
      ),
    again: (messages) => publish(queues.retry, messages)
  })
})
