import { Console, Effect, Option } from "effect"
import * as Backlog from "./Backlog.ts"
import * as Checker from "./Checker.ts"
import * as Fairness from "./Fairness.ts"
import * as Keepsake from "./Keepsake.ts"
import { apis, members } from "./Kinds.ts"
import * as Memory from "./Memory.ts"
import * as Mutants from "./Mutants.ts"
import { Mutant, type Options } from "./Options.ts"
import * as Plan from "./Plan.ts"
import * as Replay from "./Replay.ts"
import * as Settling from "./Settling.ts"
import * as Storm from "./Storm.ts"
import * as Table from "./Table.ts"
import * as World from "./World.ts"

/** What a run takes beside its faults: the start, and the settling. */
const overheadSeconds = 80
const leastSeconds = 20
/** Few enough that others can take them all. */
const maxConnections = 60
/** How many events the scenarios are about, unless told otherwise. */
const accepted = 100_000
const replayed = 20_000
/** Problems that are told of a replay. */
const told = 20
/** The share of its rate that a run has to send. */
const enough = 0.8

/** What the command line asks for; whether nothing is wrong. */
export const run = (options: Options) => {
  if (options.mutants) return mutants(options)
  if (options.scenario === "backlog") return backlog(options)
  if (options.scenario === "fairness") return fairness(options)
  if (options.scenario === "replay") return replay(options)
  return options.without === undefined ? storm(options) : mutant(options, options.without)
}

const storm = Effect.fn("Runs.storm")(function*({ faults, minutes, rate, seed }: Options) {
  const seconds = Math.max(leastSeconds, Math.round(minutes * 60) - overheadSeconds)
  const plan = yield* Plan.make({ seed, seconds, kinds: faults })
  yield* Console.log(`seed ${seed}: ${seconds} s with ${plan.length} faults at ${rate} webhooks a second`)
  return (yield* judged({ plan, seconds, rate, seed, without: Option.none(), patience: Settling.patience })).isClean
})

const mutant = Effect.fn("Runs.mutant")(function*({ seed }: Options, without: Mutant) {
  const proof = Mutants.proofs[without]
  yield* Console.log(`seed ${seed}, without ${without}`)
  return (yield* judged({ ...proof, patience: Mutants.patience, seed, without: Option.some(without) })).isClean
})

/** Each mutant must be caught, and the same faults must do no harm to the gateway as it is. */
const mutants = Effect.fn("Runs.mutants")(function*({ seed }: Options) {
  const results = yield* Effect.forEach(Mutant.literals, (without) =>
    Effect.gen(function*() {
      const proof = Mutants.proofs[without]
      yield* Console.log(`with everything, by the faults for ${without}`)
      const { isClean } = yield* judged({ ...proof, patience: Mutants.patience, seed, without: Option.none() })
      yield* Console.log(`without ${without}`)
      const { verdict } = yield* judged({ ...proof, patience: Mutants.patience, seed, without: Option.some(without) })
      const caught = proof.isShown(verdict)
      return {
        asWanted: isClean && caught,
        text: `${without}: ${caught ? "caught" : "not caught"} (${proof.shown})` +
          (isClean ? "" : ", but the gateway as it is fails by the same faults")
      }
    }))
  yield* Console.log(results.map((_) => _.text).join("\n"))
  return results.every(({ asWanted }) => asWanted)
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
  // Where no disk can be mounted the run has told so at its start.
  const possible = options.plan.filter(({ kind }) => kind !== "postgres-disk" || Option.isSome(world.ground.disk))
  const problems = [...Memory.excesses(world.memory), ...Plan.undone(possible, books)]
  const notes = Plan.unmet(books).map((_) => `note: ${_}`)
  yield* Console.log([Table.verdict(verdict), Table.memory(world.memory), ...problems, ...notes].join("\n"))
  const isClean = Checker.isClean(verdict) && problems.length === 0
  const conclusion = isClean
    ? "nothing is wrong"
    : `something is wrong; books and logs are in ${yield* Keepsake.make(world, books, options.seed)}`
  yield* Console.log(`seed ${options.seed}: ${conclusion}${yield* shortfall(world, options.rate)}`)
  return { verdict, isClean }
}, Effect.scoped)

/** What a run says that sent much less than it was to. */
const shortfall = Effect.fnUntraced(function*({ load }: World.World, rate: number) {
  const { offered, skipped } = yield* load.counts
  const share = offered / Math.max(1, offered + skipped)
  return share < enough ? `, at ${Math.round(rate * share)} of ${rate} a second` : ""
})

const fairness = Effect.fn("Runs.fairness")(function*({ seed }: Options) {
  yield* Console.log("ten destinations that answer, alone and beside a sick one")
  const world = yield* World.make({ seed, without: Option.none(), smallDisk: false, maxConnections })
  const problems = Fairness.problems(yield* Fairness.run(world))
  yield* Console.log(problems.length === 0 ? "the healthy ones do not notice" : problems.join("\n"))
  return problems.length === 0
}, Effect.scoped)

const replay = Effect.fn("Runs.replay")(function*({ count = replayed, seed }: Options) {
  yield* Console.log(`a bulk replay of ${count} events, whose workers are killed twice`)
  const world = yield* World.make({ seed, without: Option.none(), smallDisk: false, maxConnections })
  const outcome = yield* Replay.run(world, count)
  const problems = [...outcome.problems, ...Memory.excesses(world.memory)]
  yield* Console.log(Table.memory(world.memory))
  yield* Console.log(problems.length === 0 ? "each is delivered once more" : problems.slice(0, told).join("\n"))
  return problems.length === 0
}, Effect.scoped)

const backlog = Effect.fn("Runs.backlog")(function*({ count = accepted, seed }: Options) {
  yield* Console.log(`seed ${seed}: a backlog of ${count}`)
  const world = yield* World.make({ seed, without: Option.none(), smallDisk: false, maxConnections })
  const { books, drain, filling } = yield* Backlog.run(world, count)
  const verdict = Checker.judge(books)
  const problems = [
    ...Backlog.problems(books),
    ...Memory.excesses(world.memory),
    ...Memory.growth(world.memory, apis, filling),
    ...Memory.growth(world.memory, members, drain)
  ]
  yield* Console.log([Table.verdict(verdict), Table.memory(world.memory), ...problems].join("\n"))
  const clean = Checker.isClean(verdict) && problems.length === 0
  if (!clean) yield* Console.log(`books and logs are in ${yield* Keepsake.make(world, books, seed)}`)
  return clean
}, Effect.scoped)
