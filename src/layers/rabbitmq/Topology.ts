import type { ChannelModel } from "amqplib"
import { Duration, Effect } from "effect"
import * as Queues from "../../domain/Queues.ts"
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

/** Declares every queue. */
export const declare = (connection: ChannelModel, queues: Queues.Queues): Effect.Effect<void, BrokerError> =>
  declareOnly(connection, queues, Queues.names(queues))

/**
 * Declares a queue once it was found missing, and no other: that may have been deleted just now. One that is not the gateway's
 * own is left alone.
 */
export const restore = (
  connection: ChannelModel,
  queues: Queues.Queues,
  name: string
): Effect.Effect<void, BrokerError> => Effect.delay(declareOnly(connection, queues, [name]), beforeRestoring)

// On a channel of its own: a refusal closes the channel that it is answered on.
const declareOnly = (connection: ChannelModel, queues: Queues.Queues, names: ReadonlyArray<string>) =>
  Effect.flatMap(
    Session.acquireChannel(() => connection.createChannel()),
    (channel) =>
      Effect.forEach(
        argumentsOf(queues).filter(([name]) => names.includes(name)),
        ([name, args]) =>
          Session.attempt(
            "Refused",
            () => channel.assertQueue(name, { durable: true, arguments: { ...quorum, ...args } })
          ),
        { discard: true }
      )
  ).pipe(Effect.scoped)

// What dead letters go to comes before what they come from.
const argumentsOf = (
  { deadLetter, process, replay, retry, rungs }: Queues.Queues
): ReadonlyArray<readonly [name: string, args: Record<string, unknown>]> => [
  [deadLetter, {}],
  ...[process, retry, replay].map((name) =>
    [name, { ...deadLetterTo(deadLetter), "x-delivery-limit": deliveryLimit }] as const
  ),
  ...rungs.map(({ delayMs, name }) => [name, { ...deadLetterTo(retry), "x-message-ttl": delayMs }] as const)
]
