import type { ChannelModel } from "amqplib"
import { Duration, Effect } from "effect"
import type { Queues } from "../../domain/Queues.ts"
import type { BrokerError } from "../../services/ports/Broker.ts"
import * as Session from "./Session.ts"

/** Hand-outs of one message before the broker itself moves it to the dead-letter queue. */
const deliveryLimit = 50

// RabbitMQ tells a queue's consumers of its deletion some 30 ms later. Where the queue is there again by then they are not told:
// they stay with the new one, are handed its messages, and drop them as old.
const beforeRestoring = Duration.seconds(1)

const quorum = { "x-queue-type": "quorum" }

// At-least-once dead-lettering needs all of these together; without one of them RabbitMQ silently takes the weaker kind.
const deadLetterTo = (queue: string) => ({
  "x-dead-letter-exchange": "",
  "x-dead-letter-routing-key": queue,
  "x-dead-letter-strategy": "at-least-once",
  "x-overflow": "reject-publish"
})

/** Declares every queue, on a channel of its own: a refusal closes the channel that it is answered on. */
export const declare = (connection: ChannelModel, queues: Queues): Effect.Effect<void, BrokerError> =>
  Effect.gen(function*() {
    const channel = yield* Session.acquireChannel(() => connection.createChannel())
    const assert = (name: string, args: Record<string, unknown>) =>
      Session.attempt("Refused", () => channel.assertQueue(name, { durable: true, arguments: { ...quorum, ...args } }))
    yield* assert(queues.deadLetter, {})
    yield* Effect.forEach(
      [queues.process, queues.retry, queues.replay],
      (name) => assert(name, { ...deadLetterTo(queues.deadLetter), "x-delivery-limit": deliveryLimit }),
      { discard: true }
    )
    yield* Effect.forEach(
      queues.rungs,
      ({ delayMs, name }) => assert(name, { ...deadLetterTo(queues.retry), "x-message-ttl": delayMs }),
      { discard: true }
    )
  }).pipe(Effect.scoped)

/** Declares every queue once one was found missing. */
export const restore = (connection: ChannelModel, queues: Queues): Effect.Effect<void, BrokerError> =>
  Effect.delay(declare(connection, queues), beforeRestoring)
