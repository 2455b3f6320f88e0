import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { parseArgs } from "node:util"
import * as Leak from "./Leak.ts"

// npm run test:hostile -- --requests 100000 --seed 1
const { values } = parseArgs({
  options: { requests: { type: "string", default: "100000" }, seed: { type: "string", default: "1" } }
})

const mib = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`

const program = Effect.gen(function*() {
  const outcome = yield* Leak.run({
    requests: Number(values.requests),
    seed: Number(values.seed),
    watch: ({ heap, requests, rss }) =>
      Console.log(`${String(requests).padStart(8)} requests: heap ${mib(heap)}, RSS ${mib(rss)}`)
  })
  const { bounds, heap, rss } = Leak.growth(outcome.samples)
  yield* Console.log(`answers by status: ${JSON.stringify(outcome.statuses)}`)
  yield* Console.log(
    `the heap's last third beside the middle one: ${mib(heap)} more (at most ${mib(bounds.heap)}); ` +
      `most resident: ${mib(rss)} (at most ${mib(bounds.rss)})`
  )
  for (const problem of outcome.problems) yield* Console.error(problem)
  if (outcome.problems.length > 0 || heap > bounds.heap || rss > bounds.rss) {
    return yield* Effect.fail("The gateway was harmed.")
  }
})

NodeRuntime.runMain(program)
