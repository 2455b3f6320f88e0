import { Duration, Effect, Layer, type Redacted } from "effect"
import type { Queues } from "../domain/Queues.ts"
import { Broker } from "../services/ports/Broker.ts"
import * as Consumer from "./rabbitmq/Consumer.ts"
import * as Publisher from "./rabbitmq/Publisher.ts"
import * as Session from "./rabbitmq/Session.ts"
import * as States from "./rabbitmq/States.ts"
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

  const state = (name: string) => Effect.flatMap(connection.current(patience), (_) => States.ask(_, name))

  return Broker.of({
    publish,
    consume: (options, handler) => Consumer.consume({ connection, publish, queues }, options, handler),
    states: (names) => Effect.forEach(names, state, { concurrency: 4 }),
    check: Effect.asVoid(state(queues.process))
  })
})
