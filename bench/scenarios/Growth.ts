import { Effect, Option } from "effect"
import type { Options } from "../Options.ts"
import * as Trial from "../Trial.ts"
import * as Acts from "./Acts.ts"
import * as Drain from "./Drain.ts"
import { nameOf } from "./Ingest.ts"
import { type Cell, gateways, type Scenario } from "./Scenario.ts"

const count = 20_000

/** Taking in and delivering while so many stand in the database already. */
const grown = (options: Options, stored: number): ReadonlyArray<Cell> => {
  const backlog = Option.getOrElse(options.count, () => count)
  return [
    {
      name: `ingest, ${nameOf(Acts.ordinary)}, ${stored} stored`,
      stored,
      measure: Effect.fnUntraced(function*(trial) {
        yield* Acts.warmUp(trial, options)
        const { figures } = yield* Acts.saturate(trial, options, Acts.ordinary)
        yield* trial.gateway.startWorkers
        yield* trial.settle()
        return { figures, problems: yield* trial.problems() }
      })
    },
    {
      name: `drain of ${backlog}, ${stored} stored`,
      stored,
      measure: (trial) => Drain.backlog(trial, backlog, 1)
    }
  ]
}

export const growth: Scenario = {
  contenders: gateways,
  cells: (options) => options.stored.flatMap((stored) => grown(options, stored))
}

/** Taking in while so many wait, and then delivering them all. */
const behind = (options: Options, waiting: number): Cell => ({
  name: `${waiting} waiting`,
  measure: Effect.fnUntraced(function*(trial) {
    yield* Acts.warmUp(trial, options)
    if (waiting > 0) yield* trial.queue(waiting)
    const { figures, shot } = yield* Acts.saturate(trial, options, Acts.ordinary)
    const accepted = yield* trial.accepted
    yield* trial.meter.reset
    const before = yield* trial.meter.read
    yield* trial.gateway.startWorkers
    yield* trial.settle()
    const after = yield* trial.meter.read
    const pages = yield* trial.callbacks.pages
    const delivery = Acts.rates(Trial.arrivals(pages, pages.map((_) => _.batch)))
    return {
      figures: {
        "answers per second": figures["answers per second"] ?? Number.NaN,
        "answer p99, ms": figures["answer p99, ms"] ?? Number.NaN,
        ...delivery,
        "deliveries": accepted,
        "accepted behind them": shot.accepted,
        ...trial.meter.figures(before, after, accepted),
        "worker memory that grew while draining, MB": trial.meter.growth("worker"),
        "api memory that grew while draining, MB": trial.meter.growth("api")
      },
      problems: yield* trial.problems()
    }
  })
})

export const waiting: Scenario = {
  contenders: gateways,
  cells: (options) => [behind(options, 0), behind(options, options.waiting)]
}
