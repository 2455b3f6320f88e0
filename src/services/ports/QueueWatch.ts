import { Context, Effect, Layer, type Option } from "effect"
import type { BrokerError, QueueState } from "./Broker.ts"

/** A look at the queues that changes nothing: it declares, publishes and consumes nothing. */
export class QueueWatch extends Context.Tag("sluice/services/ports/QueueWatch")<QueueWatch, {
  /** Those of the queues that exist; none where they live in another process's memory. */
  readonly states: (
    queues: ReadonlyArray<string>
  ) => Effect.Effect<Option.Option<ReadonlyArray<QueueState>>, BrokerError>
}>() {
  /** For the queues of another process, which nobody sees from outside. */
  static readonly hidden = Layer.succeed(QueueWatch, { states: () => Effect.succeedNone })
}
