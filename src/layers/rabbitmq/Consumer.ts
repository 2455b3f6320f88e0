import type { Channel, ChannelModel, ConsumeMessage } from "amqplib"
import { DateTime, Deferred, Duration, Effect, Either, Exit, Option, Schedule, type Scope } from "effect"
import type { Queues } from "../../domain/Queues.ts"
import { BrokerError, type ConsumeOptions, type Settlement } from "../../services/ports/Broker.ts"
import * as InHand from "../InHand.ts"
import type { Letter } from "./Confirms.ts"
import * as Death from "./Death.ts"
import * as Hands from "./Hands.ts"
import type { Publish } from "./Publisher.ts"
import * as Session from "./Session.ts"
import * as States from "./States.ts"
import * as Topology from "./Topology.ts"

const resubscribe = Schedule.exponential("100 millis").pipe(
  Schedule.union(Schedule.spaced("5 seconds")),
  Schedule.jittered
)

export interface Dependencies {
  readonly connection: Session.Session<ChannelModel>
  readonly publish: Publish
  readonly queues: Queues
}

/** Consumes until interrupted, and subscribes again after every loss of the channel. */
export const consume = (
  dependencies: Dependencies,
  options: ConsumeOptions,
  handler: InHand.Handler
): Effect.Effect<never> =>
  Effect.gen(function*() {
    // They outlive a lost channel, so that what is under way is finished and recorded, and the limit holds meanwhile.
    const handlers = yield* InHand.make
    // Also when the channel was lost before: what is in hand is finished all the same.
    yield* Effect.addFinalizer(() => InHand.drain(handlers, options.drainWithin))
    const begin = Hands.make(handlers, options.concurrency)
    let isMissing = false
    const subscribed = Effect.suspend(() => subscribe(dependencies, options, { handlers, begin, handler, isMissing }))
    return yield* subscribed.pipe(
      Effect.scoped,
      Effect.tapError((error) => {
        isMissing = error === cancelledByBroker || States.isMissing(error.cause)
        return Effect.logWarning("A consumer lost its channel; subscribing again", { queue: options.queue }, error)
      }),
      Effect.retry(Schedule.resetAfter(resubscribe, "30 seconds")),
      Effect.orDie
    )
  }).pipe(Effect.scoped)

const cancelledByBroker = new BrokerError({ reason: "Unavailable", cause: "the broker cancelled the consumer" })

interface Crew {
  readonly handlers: InHand.Handlers
  readonly begin: Hands.Begin
  readonly handler: InHand.Handler
  /** Whether somebody deleted the queue. */
  readonly isMissing: boolean
}

const subscribe = Effect.fnUntraced(function*(
  dependencies: Dependencies,
  { concurrency, drainWithin, queue }: ConsumeOptions,
  { begin, handler, handlers, isMissing }: Crew
): Effect.fn.Return<never, BrokerError, Scope.Scope> {
  const connection = yield* dependencies.connection.current(Duration.seconds(5))
  if (isMissing) yield* Topology.restore(connection, dependencies.queues, queue)
  const channel = yield* Session.acquireChannel(() => connection.createChannel())
  const gone = yield* Session.lost(channel)
  const cancelled = yield* Deferred.make<never, BrokerError>()

  // Runs before the channel closes: who is interrupted here is shutting down and still wants to settle.
  yield* Effect.addFinalizer((exit) => Exit.isInterrupted(exit) ? InHand.drain(handlers, drainWithin) : Effect.void)

  // What waits for its turn when the channel goes, or the consumer ends, is not begun, and comes again elsewhere.
  let over = false
  channel.on("close", () => {
    over = true
  })
  const open = { ...dependencies, channel, queue }
  const take = (message: ConsumeMessage): void => {
    const failed = () => giveBack(channel, message)
    if (over) return failed()
    begin(() => {
      if (!over) return Option.some({ handling: handle(open, message, handler), failed })
      failed()
      return Option.none()
    })
  }

  yield* Session.attempt("Unavailable", () => channel.prefetch(concurrency))
  yield* Effect.acquireRelease(
    Session.attempt("Unavailable", () =>
      channel.consume(queue, (message) =>
        message === null
          ? Deferred.unsafeDone(cancelled, cancelledByBroker)
          : take(message))),
    ({ consumerTag }) =>
      Effect.suspend(() => {
        over = true
        return Effect.ignore(
          Effect.timeout(
            Effect.interruptible(Session.attempt("Unavailable", () => channel.cancel(consumerTag))),
            "2 seconds"
          )
        )
      })
  )
  return yield* Effect.raceFirst(gone, Deferred.await(cancelled))
})

interface Open extends Dependencies {
  readonly channel: Channel
  readonly queue: string
}

const handle = (
  open: Open,
  message: ConsumeMessage,
  handler: InHand.Handler
): Effect.Effect<void> =>
  InHand.settlement(handler, { content: message.content.toString("utf8"), redelivered: message.fields.redelivered })
    .pipe(Effect.flatMap((settlement) => settle(open, message, settlement)))

const settle = (
  { channel, publish, queue, queues }: Open,
  message: ConsumeMessage,
  settlement: Settlement
): Effect.Effect<void> => {
  const instead = (letter: Letter) =>
    Effect.flatMap(publish([letter]), ([outcome]) =>
      outcome !== undefined && Either.isRight(outcome)
        ? ack(channel, message)
        : Effect.zipRight(Effect.sleep(InHand.beforeRequeue), requeue(channel, message)))
  switch (settlement._tag) {
    case "Ack":
      return ack(channel, message)
    case "Requeue":
      return requeue(channel, message)
    case "Forward":
      return instead(settlement.publication)
    case "DeadLetter":
      return Effect.flatMap(DateTime.now, (now) =>
        instead({
          queue: queues.deadLetter,
          content: message.content,
          headers: Death.headers({
            cause: "refused",
            said: Option.some(settlement.reason),
            queue: Option.some(queue),
            at: Option.some(now),
            times: Death.timesBefore(message.properties.headers) + 1
          })
        }))
  }
}

// On a channel that is gone they throw, and the broker hands the message out again by itself.
const ack = (channel: Channel, message: ConsumeMessage) => Effect.ignore(Effect.try(() => channel.ack(message)))
// Counts towards the delivery limit; since RabbitMQ 4.3 a nack does not.
const requeue = (channel: Channel, message: ConsumeMessage) =>
  Effect.ignore(Effect.try(() => channel.reject(message, true)))
const giveBack = (channel: Channel, message: ConsumeMessage): void =>
  void Either.try(() => channel.nack(message, false, true))
