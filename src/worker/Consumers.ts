import { Duration, Effect, Either, Layer } from "effect"
import * as QueueMessage from "../domain/QueueMessage.ts"
import * as Share from "../domain/Share.ts"
import { BulkReplays } from "../services/BulkReplays.ts"
import { Courier } from "../services/Courier.ts"
import * as Metrics from "../services/Metrics.ts"
import { Broker, type Settlement } from "../services/ports/Broker.ts"
import { Replays } from "../services/Replays.ts"
import { Settings } from "../services/Settings.ts"
import type { StoreError } from "../services/store/Store.ts"
import * as StorePatience from "../services/StorePatience.ts"
import { Sweeper } from "../services/Sweeper.ts"

// An attempt that begins last may take its whole time, and then has to be recorded.
const recording = Duration.seconds(5)
// Most of them wait for their time.
const replaysInHand = 64

const ack: Settlement = { _tag: "Ack" }

/** Carries out what stands in the process queue and in the retry queue: deliveries, and the sweeper's markers. */
export const deliveryConsumers = Layer.scopedDiscard(Effect.gen(function*() {
  const broker = yield* Broker
  const courier = yield* Courier
  const sweeper = yield* Sweeper
  const { deliveryTimeout, queues, workerConcurrency } = yield* Settings
  const decode = QueueMessage.decoder(QueueMessage.ProcessMessage)

  const consume = (
    queue: string,
    concurrency: number,
    carry: (message: QueueMessage.DeliveryMessage) => Effect.Effect<Settlement>,
    marker: (message: QueueMessage.MarkerMessage) => Effect.Effect<Settlement>
  ) =>
    broker.consume(
      { queue, concurrency, drainWithin: Duration.sum(deliveryTimeout, recording) },
      ({ content }) =>
        Either.match(decode(content), {
          onLeft: deadLetter,
          onRight: (message) => "markerId" in message ? marker(message) : carry(message)
        })
    )

  // In one fiber, so that they stop together.
  yield* Effect.forkScoped(Effect.all([
    consume(
      queues.process,
      Share.inHand(workerConcurrency),
      courier.carry,
      ({ markerId }) => settled(sweeper.markerReturned(markerId))
    ),
    // From here a marker goes on to the other queue, so that it has been through both when it is back.
    consume(
      queues.retry,
      Share.retriesInHand(workerConcurrency),
      courier.carryAgain,
      Effect.fnUntraced(function*(message) {
        const [outcome] = yield* broker.publish([{ queue: queues.process, content: QueueMessage.encode(message) }])
        if (outcome === undefined || Either.isLeft(outcome)) {
          yield* Effect.logWarning("A marker could not go on from queue to queue; the next one replaces it")
        }
        return ack
      })
    )
  ], { concurrency: "unbounded", discard: true }))
}))

/** Carries out what stands in the replay queue: replays, and slices of bulk replays. */
export const replayConsumer = Layer.scopedDiscard(Effect.gen(function*() {
  const broker = yield* Broker
  const bulk = yield* BulkReplays
  const replays = yield* Replays
  const { queues } = yield* Settings
  const decode = QueueMessage.decoder(QueueMessage.ReplayMessage)

  yield* broker.consume(
    { queue: queues.replay, concurrency: replaysInHand, drainWithin: recording },
    ({ content, redelivered }) =>
      Either.match(decode(content), {
        onLeft: deadLetter,
        onRight: ({ replayId, slice }) =>
          settled(slice === undefined ? replays.run(replayId) : bulk.run(replayId, slice, redelivered))
      })
  ).pipe(Effect.forkScoped)
}))

const deadLetter = (reason: string): Effect.Effect<Settlement> =>
  Effect.logError("A message cannot be processed and is kept in the dead-letter queue", { reason }).pipe(
    Effect.zipRight(Metrics.deadLettered),
    Effect.as({ _tag: "DeadLetter", reason })
  )

// What both do stands in the database and can be done again.
const settled = (program: Effect.Effect<void, StoreError>): Effect.Effect<Settlement> =>
  Effect.as(StorePatience.wait(program), ack)
