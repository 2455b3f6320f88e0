import { Console, Effect, Option } from "effect"
import * as Checker from "./Checker.ts"
import * as Keepsake from "./Keepsake.ts"
import type { Options } from "./Options.ts"
import * as Plan from "./Plan.ts"
import * as Storm from "./Storm.ts"
import * as Table from "./Table.ts"
import * as World from "./World.ts"

/** What a run takes beside its faults: the start, and the settling. */
const overheadSeconds = 80
const leastSeconds = 20

const maxConnections = 60

/** What the command line asks for; whether nothing is wrong. */
export const run = (options: Options) => storm(options)

const storm = Effect.fn("Runs.storm")(function*({ faults, minutes, rate, seed, without }: Options) {
  const seconds = Math.max(leastSeconds, Math.round(minutes * 60) - overheadSeconds)
  const plan = yield* Plan.make({ seed, seconds, kinds: faults })
  yield* Console.log(`seed ${seed}: ${seconds} s of faults at ${rate} webhooks a second`)
  const world = yield* World.make({
    seed,
    without: Option.fromNullable(without),
    smallDisk: plan.some(({ kind }) => kind === "postgres-disk"),
    maxConnections
  })
  const books = yield* Storm.run(world, { plan, rate, seconds, seed })
  const verdict = Checker.judge(books)
  yield* Console.log(`${Table.verdict(verdict)}\n${Table.memory(world.memory)}`)
  const clean = Checker.isClean(verdict)
  yield* Console.log(
    clean
      ? `seed ${seed}: nothing is wrong`
      : `seed ${seed}: something is wrong; the books and the logs stand in ${yield* Keepsake.make(world, books, seed)}`
  )
  return clean
}, Effect.scoped)
