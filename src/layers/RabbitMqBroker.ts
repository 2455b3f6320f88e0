import { Duration, Effect, Layer, type Redacted } from "effect"
import type { Queues } from "../domain/Queues.ts"
import { Broker, type QueueState } from "../services/ports/Broker.ts"
import * as Consumer from "./rabbitmq/Consumer.ts"
import * as Publisher from "./rabbitmq/Publisher.ts"
import * as Session from "./rabbitmq/Session.ts"
import * as Topology from "./rabbitmq/Topology.ts"

export interface Options {
  readonly url: Redacted.Redacted
  readonly queues: Queues
}

const patience = Duration.seconds(1)

/**
 * The broker on RabbitMQ: quorum queues, persistent messages, publisher confirms; one connection for publishing, one
 * for consuming. It starts and goes on without the server, and connecting never ends.
 */
export const layer = (options: Options): Layer.Layer<Broker> => Layer.scoped(Broker, make(options))

const make = Effect.fnUntraced(function*({ queues, url }: Options) {
  const publish = yield* Publisher.make({ url, queues })
  const connection = yield* Session.make(
    { url, name: "sluice consumer" },
    (connection) => Effect.as(Topology.declare(connection, queues), { value: connection, lost: Effect.never })
  )

  const state = Effect.fnUntraced(function*(name: string) {
    const opened = yield* connection.current(patience)
    // A queue that is missing closes the channel, so each question has one of its own.
    const channel = yield* Session.acquireChannel(() => opened.createChannel())
    const { consumerCount, messageCount } = yield* Session.attempt("Failed", () => channel.checkQueue(name))
    return { name, messages: messageCount, consumers: consumerCount } satisfies QueueState
  }, Effect.scoped)

  return Broker.of({
    publish,
    consume: (options, handler) => Consumer.consume({ connection, publish, queues }, options, handler),
    states: (names) => Effect.forEach(names, state, { concurrency: 4 }),
    check: Effect.asVoid(state(queues.process))
  })
})
