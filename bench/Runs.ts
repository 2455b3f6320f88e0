import { Cause, Console, Effect, Option, Ref, type Scope } from "effect"
import type { ServerUnavailable } from "../test/support/servers/ServerUnavailable.ts"
import * as Callbacks from "./Callbacks.ts"
import { byHand } from "./contenders/ByHand.ts"
import type { Contender, Name } from "./contenders/Contender.ts"
import { limit } from "./contenders/Limit.ts"
import { sluice } from "./contenders/Sluice.ts"
import * as Generator from "./Generator.ts"
import * as Ground from "./Ground.ts"
import * as Tally from "./meters/Tally.ts"
import type * as Options from "./Options.ts"
import * as Place from "./Place.ts"
import * as Record from "./Record.ts"
import { isValid, type Run } from "./Results.ts"
import type { Cell, Measured } from "./scenarios/Scenario.ts"
import { scenarios } from "./scenarios/Scenarios.ts"
import * as Table from "./Table.ts"
import * as Targets from "./Targets.ts"
import * as Trial from "./Trial.ts"

const contenders: Readonly<Record<Name, Contender>> = { sluice, "by-hand": byHand, limit }

/** What the command line asks for; whether no run failed. */
export const run = Effect.fn("Runs.run")(function*(options: Options.Options) {
  const ground = yield* Ground.start
  const batches = yield* Ref.make(0)
  const places = yield* Ref.make(0)
  const world: World = {
    ground,
    options,
    hall: {
      callbacks: yield* Callbacks.start,
      generator: yield* Generator.start,
      nextBatch: Effect.map(Ref.updateAndGet(batches, (_) => _ + 1), (number) => `b${number}`)
    },
    nextPlace: Effect.map(Ref.updateAndGet(places, (_) => _ + 1), (number) => `bench-${number}`)
  }
  const all = yield* Effect.forEach(options.scenario, (name) => scenario(world, name))
  return all.every((_) => _)
}, Effect.scoped)

interface World {
  readonly ground: Ground.Ground
  readonly options: Options.Options
  readonly hall: Trial.Hall
  readonly nextPlace: Effect.Effect<string>
}

const scenario = Effect.fnUntraced(function*(world: World, name: Options.Scenario) {
  const { ground, options } = world
  const found = scenarios[name]
  const cells = found.cells(options)
  const those = found.contenders.filter((_) => options.contenders.includes(_))
  const title = yield* Record.name(name)
  const profiles = options.profile ? Option.some(yield* Record.profiles(title)) : Option.none()
  yield* Console.log(`\n${name}: ${those.join(", ")}, rounds: ${options.rounds}`)

  const kept = new Map<string, Place.Place>()
  // All of them before the first round, so that its turns follow each other.
  yield* Effect.forEach(
    cells.flatMap((cell) =>
      those.map((name) => ({ cell, contender: contenders[name], kept, profiles: Option.none() }))
    ),
    (turn) => Effect.whenEffect(keptPlace(world, turn), Effect.succeed(turn.cell.stored !== undefined)),
    { discard: true }
  )
  const turn = Effect.fnUntraced(function*(round: number, cell: Cell, contender: Contender) {
    const measured = yield* takeTurn(world, { cell, contender, kept, profiles }).pipe(
      Effect.catchAll(({ message }) => Effect.succeed(failed(message))),
      // What goes wrong in one must not take away what hours of others have found.
      Effect.catchAllCause((cause) =>
        Cause.isInterrupted(cause) ? Effect.interrupt : Effect.succeed(failed(Cause.pretty(cause)))
      )
    )
    yield* Console.log(`  round ${round}, ${cell.name}, ${contender.name}: ${told(measured)}`)
    return { cell: cell.name, contender: contender.name, round, ...measured } satisfies Run
  })
  const turns = Array.from({ length: options.rounds }, (_, index) => index + 1).flatMap((round) =>
    cells.flatMap((cell) => those.map((contender) => [round, cell, contenders[contender]] as const))
  )
  const names = cells.map((_) => _.name)
  const judge = (runs: ReadonlyArray<Run>) => Targets.judge(name, names, runs)
  const write = (runs: ReadonlyArray<Run>) =>
    Record.write(title, ground, { scenario: name, runs, verdicts: judge(runs) })
  const runs = yield* Effect.reduce(
    turns,
    noRuns,
    (before, one) => Effect.tap(Effect.map(turn(...one), (run) => [...before, run]), write)
  )

  const verdicts = judge(runs)
  const path = yield* write(runs)
  const parts = [Table.table(names, those, runs), Table.verdicts(verdicts), `all of it: ${path}`]
  yield* Console.log(`\n${parts.filter((_) => _ !== "").join("\n\n")}`)
  return runs.every(isValid)
}, Effect.scoped)

const failed = (problem: string): Measured => ({ figures: {}, problems: [problem] })

const noRuns: ReadonlyArray<Run> = []

interface Turn {
  readonly cell: Cell
  readonly contender: Contender
  /** Places that are used again in the next round. */
  readonly kept: Map<string, Place.Place>
  readonly profiles: Option.Option<string>
}

const takeTurn = Effect.fnUntraced(function*(world: World, turn: Turn) {
  if (turn.cell.stored === undefined) {
    return yield* Effect.scoped(Effect.flatMap(newPlace(world, turn), (place) => inPlace(world, turn, place)))
  }
  const measured = yield* inPlace(world, turn, yield* keptPlace(world, turn))
  // What a failed run left behind would be another's failure.
  if (measured.problems.length > 0) turn.kept.delete(keyOf(turn))
  return measured
})

const newPlace = Effect.fnUntraced(function*({ ground, nextPlace }: World, { contender }: Turn) {
  const place = yield* Place.make(ground, yield* nextPlace, contender.queues)
  yield* contender.prepare(place)
  return place
})

const keyOf = ({ cell, contender }: Turn): string => `${contender.name} ${cell.stored}`

/** The place with what a cell wants stored there before. */
const keptPlace = Effect.fnUntraced(
  function*(world: World, turn: Turn): Effect.fn.Return<Place.Place, ServerUnavailable, Scope.Scope> {
    const known = turn.kept.get(keyOf(turn))
    if (known !== undefined) return known
    const { cell, contender } = turn
    const place = yield* newPlace(world, turn)
    // A gateway's first life makes what the rows belong to.
    yield* Effect.scoped(trialIn(world, turn, place))
    yield* contender.books.grow(place, cell.stored ?? 0)
    turn.kept.set(keyOf(turn), place)
    return place
  }
)

const trialIn = ({ hall, options }: World, { cell, contender, profiles }: Turn, place: Place.Place) =>
  Trial.make(hall, {
    contender,
    place,
    profiles,
    ...(cell.crew ?? { apis: options.apis, workers: options.workers }),
    destinations: cell.destinations ?? 1,
    behaviour: cell.behaviour ?? {}
  })

/** The gateway's whole life in a place: its processes have ended when the tally is taken. */
const inPlace = Effect.fnUntraced(
  function*(world: World, turn: Turn, place: Place.Place): Effect.fn.Return<Measured, ServerUnavailable> {
    const life = Effect.gen(function*() {
      const trial = yield* trialIn(world, turn, place)
      const before = yield* Tally.take(place)
      const measured = yield* turn.cell.measure(trial)
      const words = measured.problems.length > 0 ? [trial.gateway.lastWords()] : []
      return {
        before,
        measured: { ...measured, problems: [...measured.problems, ...words] },
        accepted: yield* trial.accepted
      }
    })
    const { accepted, before, measured } = yield* Effect.scoped(life)
    const after = yield* Tally.take(place)
    const tally = turn.contender.name === "limit" ? {} : Tally.figures(before, after, accepted)
    return { ...measured, figures: { ...measured.figures, ...tally } }
  }
)

const told = ({ figures, problems }: Measured): string => {
  if (problems.length > 0) return `FAILED: ${problems[0]}`
  const [first] = Object.entries(figures)
  return first === undefined ? "nothing measured" : `${Table.number(first[1])} ${first[0]}`
}
