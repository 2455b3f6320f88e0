import type { ChannelModel } from "amqplib"
import { Effect, Predicate } from "effect"
import { BrokerError, type QueueState } from "../../services/ports/Broker.ts"
import * as Session from "./Session.ts"

const notFound = 404

/** Asks for a queue's depth without declaring it. A queue that does not exist is `Unroutable`. */
export const ask = Effect.fnUntraced(function*(connection: ChannelModel, name: string) {
  // A queue that is missing closes the channel, so each question has one of its own.
  const channel = yield* Session.acquireChannel(() => connection.createChannel())
  const { consumerCount, messageCount } = yield* Effect.mapError(
    Session.attempt("Failed", () => channel.checkQueue(name)),
    (error) => isMissing(error.cause) ? new BrokerError({ reason: "Unroutable", cause: error.cause }) : error
  )
  return { name, messages: messageCount, consumers: consumerCount } satisfies QueueState
}, Effect.scoped)

/** Whether RabbitMQ says that there is no such queue. */
export const isMissing = (cause: unknown): boolean => Predicate.hasProperty(cause, "code") && cause.code === notFound
