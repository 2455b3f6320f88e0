import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Exit } from "effect"
import * as Options from "./Options.ts"
import * as Runs from "./Runs.ts"

const program = Effect.gen(function*() {
  const options = yield* Options.parse(process.argv.slice(2))
  return (yield* Runs.run(options)) ? 0 : 1
}).pipe(
  Effect.catchTags({
    BadOptions: ({ message }) => Effect.as(Console.error(message), 2),
    ServerUnavailable: ({ message }) =>
      Effect.as(Console.error(`The machine lacks what the bench needs: ${message}`), 2)
  })
)

NodeRuntime.runMain(program, {
  teardown: (exit, onExit) => onExit(Exit.match(exit, { onFailure: () => 1, onSuccess: Number }))
})
