import type { ChannelModel } from "amqplib"
import { Duration, Effect, Layer, type Redacted } from "effect"
import type { Queues } from "../domain/Queues.ts"
import { Broker, BrokerError } from "../services/ports/Broker.ts"
import * as Consumer from "./rabbitmq/Consumer.ts"
import * as DeadLetters from "./rabbitmq/DeadLetters.ts"
import * as Publisher from "./rabbitmq/Publisher.ts"
import * as Session from "./rabbitmq/Session.ts"
import * as States from "./rabbitmq/States.ts"
import * as Topology from "./rabbitmq/Topology.ts"

export interface Options {
  readonly url: Redacted.Redacted
  readonly queues: Queues
}

const patience = Duration.seconds(1)
// A server that has gone silent is noticed by its heartbeats, which takes far longer than anybody waits for an answer.
const answerWithin = Duration.seconds(6)

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

  const ask = <A>(queue: string, question: (connection: ChannelModel) => Effect.Effect<A, BrokerError>) =>
    Effect.flatMap(connection.current(patience), (open) =>
      Effect.catchIf(
        question(open),
        ({ cause }) => States.isMissing(cause),
        // A queue that somebody deleted is there again.
        () => Effect.zipRight(Topology.restore(open, queues, queue), question(open))
      )).pipe(inTime)

  const state = (name: string) => ask(name, (open) => States.ask(open, name))

  return Broker.of({
    publish,
    consume: (options, handler) => Consumer.consume({ connection, publish, queues }, options, handler),
    states: (names) => Effect.forEach(names, state, { concurrency: 4 }),
    deadLetters: DeadLetters.make({ publish, queues, ask }),
    check: Effect.asVoid(state(queues.process))
  })
})

// What is given up is not waited for: it ends when the connection is given up as well.
const inTime = <A>(question: Effect.Effect<A, BrokerError>): Effect.Effect<A, BrokerError> =>
  Effect.timeoutFail(Effect.disconnect(question), {
    duration: answerWithin,
    onTimeout: () => new BrokerError({ reason: "Timeout", cause: `no answer within ${Duration.format(answerWithin)}` })
  })
