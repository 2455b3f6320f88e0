import { Chunk, Console, Effect } from "effect"
import * as Options from "./Options.ts"
import * as Report from "./Report.ts"
import * as Simulation from "./Simulation.ts"

/** `npm run simulate`: sends signed webhooks as a provider does, and prints what became of them. Its exit code. */
export const simulate = Effect.fn("simulate")(function*(parameters: ReadonlyArray<string>) {
  const options = yield* Options.read(parameters)
  yield* Console.log(Report.announcement(options))
  const outcomes = Chunk.toReadonlyArray(yield* Simulation.run(options))
  yield* Console.log(Report.summary(outcomes))
  return Report.exitCode(outcomes)
})
