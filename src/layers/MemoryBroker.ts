import { DateTime, Effect, Either, Exit, Layer, Option, Ref } from "effect"
import type { Death } from "../domain/DeadLetter.ts"
import type { Queues } from "../domain/Queues.ts"
import {
  Broker,
  BrokerError,
  type ConsumeOptions,
  type Publication,
  type Settlement
} from "../services/ports/Broker.ts"
import * as InHand from "./InHand.ts"
import * as DeadLetters from "./memory/DeadLetters.ts"
import * as Line from "./memory/Line.ts"

const deliveryLimit = 50

/**
 * The twin of RabbitMQ for one process: the same queues, rungs, redelivery and dead letters in this process's memory.
 * What it forgets at a restart the sweeper restores.
 */
export const layer = (queues: Queues): Layer.Layer<Broker> => Layer.scoped(Broker, make(queues))

const make = Effect.fnUntraced(function*(queues: Queues) {
  const retry = yield* Line.ready
  const dead = yield* Line.ready
  const consumed = new Map([
    [queues.process, yield* Line.ready],
    [queues.retry, retry],
    [queues.replay, yield* Line.ready],
    [queues.deadLetter, dead]
  ])
  const rungs = new Map(
    yield* Effect.forEach(
      queues.rungs,
      ({ delayMs, name }) => Effect.map(Line.rung(delayMs, retry), (line) => [name, line] as const)
    )
  )

  const find = (name: string): Effect.Effect<Line.Line, BrokerError> =>
    Effect.orElseFail(
      Effect.fromNullable(consumed.get(name) ?? rungs.get(name)),
      () => new BrokerError({ reason: "Unroutable", cause: `there is no queue ${name}` })
    )

  const put = (queue: string, message: Omit<Line.Message, "handOuts">): Effect.Effect<void, BrokerError> =>
    find(queue).pipe(
      Effect.flatMap((line) => line.offer({ ...message, handOuts: 0 })),
      Effect.filterOrFail(
        (taken) => taken,
        () => new BrokerError({ reason: "Refused", cause: `the queue ${queue} is full` })
      ),
      Effect.asVoid
    )

  const publishOne = ({ content, queue }: Publication): Effect.Effect<Either.Either<void, BrokerError>> =>
    Effect.either(put(queue, { content, deaths: 0, death: Option.none() }))

  const settle = (
    { line, queue }: { readonly line: Line.Ready; readonly queue: string },
    message: Line.Message,
    settlement: Settlement
  ): Effect.Effect<unknown> => {
    const deadLetter = ({ cause, said }: Pick<Death, "cause" | "said">) =>
      Effect.flatMap(DateTime.now, (now) => {
        const deaths = message.deaths + 1
        const death = { cause, said, queue: Option.some(queue), at: Option.some(now), times: deaths }
        return Effect.either(put(queues.deadLetter, { content: message.content, deaths, death: Option.some(death) }))
      })
    const requeue: Effect.Effect<unknown> = message.handOuts < deliveryLimit
      ? line.offer(message)
      : deadLetter({ cause: "delivery_limit", said: Option.none() })
    const instead = (published: Effect.Effect<Either.Either<void, BrokerError>>) =>
      Effect.flatMap(
        published,
        (outcome) =>
          Either.isRight(outcome) ? Effect.void : Effect.zipRight(Effect.sleep(InHand.beforeRequeue), requeue)
      )
    switch (settlement._tag) {
      case "Ack":
        return Effect.void
      case "Requeue":
        return requeue
      case "Forward":
        return instead(publishOne(settlement.publication))
      case "DeadLetter":
        return instead(deadLetter({ cause: "refused", said: Option.some(settlement.reason) }))
    }
  }

  const consume = Effect.fnUntraced(
    function*({ concurrency, drainWithin, queue }: ConsumeOptions, handler: InHand.Handler) {
      const line = yield* Effect.orDieWith(
        Effect.fromNullable(consumed.get(queue)),
        () => new BrokerError({ reason: "Failed", cause: `there is no queue ${queue} to consume` })
      )
      const handlers = yield* InHand.make
      const limit = yield* Effect.makeSemaphore(concurrency)
      yield* Effect.addFinalizer((exit) => Exit.isInterrupted(exit) ? InHand.drain(handlers, drainWithin) : Effect.void)
      yield* Effect.acquireRelease(
        Ref.update(line.consumers, (count) => count + 1),
        () => Ref.update(line.consumers, (count) => count - 1)
      )
      const handle = (taken: Line.Message) => {
        const message = { ...taken, handOuts: taken.handOuts + 1 }
        return InHand.settlement(handler, { content: message.content, redelivered: message.handOuts > 1 }).pipe(
          Effect.flatMap((settlement) => settle({ line, queue }, message, settlement)),
          Effect.interruptible,
          Effect.onInterrupt(() => line.offer(message)),
          Effect.ensuring(limit.release(1)),
          Effect.asVoid
        )
      }
      // Not interrupted between taking a message and having it in hand.
      return yield* Effect.uninterruptibleMask((restore) =>
        restore(Effect.zipRight(limit.take(1), line.arrival)).pipe(
          Effect.zipRight(line.poll),
          Effect.flatMap(Option.match({
            onNone: () => Effect.asVoid(limit.release(1)),
            onSome: (message) => Effect.sync(() => void handlers.run(handle(message)))
          }))
        )
      ).pipe(Effect.forever)
    },
    Effect.scoped
  )

  return Broker.of({
    publish: Effect.forEach(publishOne),
    consume,
    states: Effect.forEach((name: string) =>
      Effect.gen(function*() {
        const line = yield* find(name)
        const consumers = consumed.get(name)?.consumers
        return { name, messages: yield* line.size, consumers: consumers === undefined ? 0 : yield* Ref.get(consumers) }
      })
    ),
    deadLetters: DeadLetters.make(dead, put),
    check: Effect.void
  })
})
