import { Console, Effect, Option } from "effect"
import * as Backlog from "./Backlog.ts"
import * as Checker from "./Checker.ts"
import * as Fairness from "./Fairness.ts"
import * as Keepsake from "./Keepsake.ts"
import * as Mutants from "./Mutants.ts"
import { Mutant, type Options } from "./Options.ts"
import * as Plan from "./Plan.ts"
import * as Settling from "./Settling.ts"
import * as Storm from "./Storm.ts"
import * as Table from "./Table.ts"
import * as World from "./World.ts"

/** What a run takes beside its faults: the start, and the settling. */
const overheadSeconds = 80
const leastSeconds = 20
/** Few enough that others can take them all. */
const maxConnections = 60

/** What the command line asks for; whether nothing is wrong. */
export const run = (options: Options) => {
  if (options.mutants) return mutants(options)
  if (options.scenario === "backlog") return backlog(options)
  if (options.scenario === "fairness") return fairness(options)
  return options.without === undefined ? storm(options) : mutant(options, options.without)
}

const storm = Effect.fn("Runs.storm")(function*({ faults, minutes, rate, seed }: Options) {
  const seconds = Math.max(leastSeconds, Math.round(minutes * 60) - overheadSeconds)
  const plan = yield* Plan.make({ seed, seconds, kinds: faults })
  yield* Console.log(`seed ${seed}: ${seconds} s with ${plan.length} faults at ${rate} webhooks a second`)
  return Checker.isClean(
    yield* judged({ plan, seconds, rate, seed, without: Option.none(), patience: Settling.patience })
  )
})

const mutant = Effect.fn("Runs.mutant")(function*({ seed }: Options, without: Mutant) {
  const proof = Mutants.proofs[without]
  yield* Console.log(`seed ${seed}, without ${without}`)
  return Checker.isClean(yield* judged({ ...proof, patience: Mutants.patience, seed, without: Option.some(without) }))
})

/** Each mutant must be caught, and the same faults must do no harm to the gateway as it is. */
const mutants = Effect.fn("Runs.mutants")(function*({ seed }: Options) {
  const results = yield* Effect.forEach(Mutant.literals, (without) =>
    Effect.gen(function*() {
      const proof = Mutants.proofs[without]
      yield* Console.log(`with everything, by the faults for ${without}`)
      const whole = Checker.isClean(
        yield* judged({ ...proof, patience: Mutants.patience, seed, without: Option.none() })
      )
      yield* Console.log(`without ${without}`)
      const caught = proof.isShown(
        yield* judged({ ...proof, patience: Mutants.patience, seed, without: Option.some(without) })
      )
      return {
        whole,
        caught,
        text: `${without}: ${caught ? "caught" : "not caught"} (${proof.shown})` +
          (whole ? "" : ", but the gateway as it is fails by the same faults")
      }
    }))
  yield* Console.log(results.map((_) => _.text).join("\n"))
  return results.every(({ caught, whole }) => caught && whole)
})

const judged = Effect.fn("Runs.judged")(function*(options: Storm.Options & Pick<World.Options, "without">) {
  const world = yield* World.make({
    seed: options.seed,
    without: options.without,
    smallDisk: options.plan.some(({ kind }) => kind === "postgres-disk"),
    maxConnections
  })
  const books = yield* Storm.run(world, options)
  const verdict = Checker.judge(books)
  yield* Console.log(`${Table.verdict(verdict)}\n${Table.memory(world.memory)}`)
  yield* Console.log(
    Checker.isClean(verdict)
      ? `seed ${options.seed}: nothing is wrong`
      : `seed ${options.seed}: something is wrong; books and logs are in ${yield* Keepsake.make(
        world,
        books,
        options.seed
      )}`
  )
  return verdict
}, Effect.scoped)

const fairness = Effect.fn("Runs.fairness")(function*({ seed }: Options) {
  yield* Console.log("ten destinations that answer, alone and beside one that hangs")
  const world = yield* World.make({ seed, without: Option.none(), smallDisk: false, maxConnections })
  const problems = Fairness.problems(yield* Fairness.run(world))
  yield* Console.log(problems.length === 0 ? "the healthy ones do not notice" : problems.join("\n"))
  return problems.length === 0
}, Effect.scoped)

const backlog = Effect.fn("Runs.backlog")(function*({ count, seed }: Options) {
  yield* Console.log(`seed ${seed}: a backlog of ${count}`)
  const world = yield* World.make({ seed, without: Option.none(), smallDisk: false, maxConnections })
  const { books, drainedFrom } = yield* Backlog.run(world, count)
  const verdict = Checker.judge(books)
  const problems = [...Backlog.problems(books), ...Backlog.growth(world.memory, drainedFrom)]
  yield* Console.log([Table.verdict(verdict), Table.memory(world.memory), ...problems].join("\n"))
  const clean = Checker.isClean(verdict) && problems.length === 0
  if (!clean) yield* Console.log(`books and logs are in ${yield* Keepsake.make(world, books, seed)}`)
  return clean
}, Effect.scoped)
