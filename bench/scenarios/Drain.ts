import { Duration, Effect, Option } from "effect"
import type { Options } from "../Options.ts"
import * as Acts from "./Acts.ts"
import { type Cell, gateways, type Scenario } from "./Scenario.ts"

interface Kind extends Pick<Cell, "behaviour" | "destinations"> {
  readonly name: string
  /** How many webhooks wait. */
  readonly count: number
}

/** So many are accepted while no worker runs; then the workers are started. */
const drained = (kind: Kind): Scenario => ({
  contenders: gateways,
  cells: (options) => {
    const count = Option.getOrElse(options.count, () => kind.count)
    return [cell(kind, `${count} ${kind.name}`, count)]
  }
})

const cell = ({ behaviour = {}, destinations = 1 }: Kind, name: string, count: number): Cell => ({
  name,
  behaviour,
  destinations,
  measure: (trial) => backlog(trial, count, destinations)
})

export const backlog = Effect.fn("Drain.backlog")(
  function*(trial: Parameters<Cell["measure"]>[0], count: number, destinations: number) {
    const { accepted, batch, report } = yield* Acts.amass(trial, count)
    const unqueued = yield* trial.queued
    const figures = yield* Acts.drain(trial, { batches: [batch], deliveries: accepted * destinations })
    return {
      figures: { ...figures, "accepted per second": accepted / (report.endedAt - report.startedAt) * 1_000 },
      problems: [...unqueued, ...yield* trial.problems()]
    }
  }
)

export const drain = drained({ name: "waiting", count: 20_000 })

export const slowCallback = drained({
  name: "waiting, the callback takes 100 ms",
  count: 6_000,
  behaviour: { delayMs: 100 }
})

/** Each second webhook is refused once; a callback that only fails is left alone by a breaker, and says nothing of speed. */
export const failingCallback = drained({
  name: "waiting, half of them refused once",
  count: 10_000,
  behaviour: { failing: 0.5, status: 500 }
})

export const fanOut = drained({ name: "waiting, each for ten destinations", count: 3_000, destinations: 10 })

/** Everything that was delivered is delivered again on one request. */
const replayed = (count: number): Cell => ({
  name: `${count} replayed`,
  measure: Effect.fnUntraced(function*(trial) {
    const { accepted } = yield* Acts.amass(trial, count)
    yield* trial.gateway.startWorkers
    yield* trial.settle()
    yield* trial.meter.reset
    const before = yield* trial.meter.read
    const [took] = yield* Effect.timed(Effect.zipRight(trial.gateway.replay, trial.settle(2)))
    const after = yield* trial.meter.read
    return {
      figures: {
        "replayed per second": accepted / Duration.toSeconds(took),
        ...trial.meter.figures(before, after, accepted)
      },
      problems: yield* trial.problems(2)
    }
  })
})

export const replay: Scenario = {
  contenders: gateways,
  cells: (options: Options) => [replayed(Option.getOrElse(options.count, () => 20_000))]
}
