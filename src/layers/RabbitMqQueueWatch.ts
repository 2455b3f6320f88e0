import { Duration, Effect, Layer, Option, type Redacted } from "effect"
import { BrokerError, type QueueState } from "../services/ports/Broker.ts"
import { QueueWatch } from "../services/ports/QueueWatch.ts"
import * as Session from "./rabbitmq/Session.ts"
import * as States from "./rabbitmq/States.ts"

const patience = Duration.seconds(10)
const atATime = 4

/** Looks at the queues on RabbitMQ, each time over a connection that only asks. */
export const layer = (url: Redacted.Redacted): Layer.Layer<QueueWatch> =>
  Layer.succeed(QueueWatch, { states: (names) => Effect.asSome(look(url, names)) })

const look = Effect.fn("RabbitMqQueueWatch.look")(
  function*(url: Redacted.Redacted, names: ReadonlyArray<string>) {
    const connection = yield* Session.acquireConnection({ url, name: "sluice doctor" })
    const gone = yield* Session.lost(connection)
    const states = Effect.forEach(names, (name) => ifThere(States.ask(connection, name)), { concurrency: atATime })
    const found = yield* Effect.raceFirst(states, gone)
    return found.flatMap(Option.toArray)
  },
  Effect.scoped,
  Effect.timeoutFail({
    duration: patience,
    onTimeout: () => new BrokerError({ reason: "Timeout", cause: `no answer within ${Duration.format(patience)}` })
  })
)

const ifThere = (
  state: Effect.Effect<QueueState, BrokerError>
): Effect.Effect<Option.Option<QueueState>, BrokerError> =>
  state.pipe(
    Effect.asSome,
    Effect.catchIf(({ reason }) => reason === "Unroutable", () => Effect.succeedNone)
  )
