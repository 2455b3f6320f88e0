import { Array, Effect } from "effect"
import type { Broker } from "./ports/Broker.ts"
import type { Settings } from "./Settings.ts"

/** How many messages wait in the retry queue: whoever adds many to them at once asks first. */
export const count = (broker: typeof Broker.Service, { queues }: typeof Settings.Service): Effect.Effect<number> =>
  broker.states([queues.retry]).pipe(
    Effect.map((states) => Array.reduce(states, 0, (sum, { messages }) => sum + messages)),
    // What RabbitMQ does not take is left to the sweeper.
    Effect.orElseSucceed(() => 0)
  )
