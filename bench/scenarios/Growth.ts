import { Effect, Option } from "effect"
import { memoryName } from "../meters/Meter.ts"
import type { Options } from "../Options.ts"
import * as Trial from "../Trial.ts"
import * as Acts from "./Acts.ts"
import * as Drain from "./Drain.ts"
import * as FixedRate from "./FixedRate.ts"
import * as Ingest from "./Ingest.ts"
import { type Cell, gateways, type Scenario } from "./Scenario.ts"

const count = 20_000
const roles = ["api", "worker", "rabbitmq", "postgres"]

const perSecond = 300

/** Taking in, telling copies, delivering, and all of it at a rate, where so many stood in the database at the beginning. */
const grown = (options: Options, stored: number): ReadonlyArray<Cell> => {
  const backlog = Option.getOrElse(options.count, () => count)
  return [
    { ...Ingest.cell(options, `ingest, ${Ingest.nameOf(Acts.ordinary)}, ${stored} stored`, Acts.ordinary), stored },
    { ...Ingest.cell(options, `duplicates, ${stored} stored`, Acts.ordinary, { copies: true }), stored },
    { ...FixedRate.cell(options, perSecond), name: `${perSecond} per second, ${stored} stored`, stored },
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
    const { figures, problems, shot } = yield* Acts.saturate(trial, options, Acts.ordinary)
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
        ...Object.fromEntries(
          roles.map((role) => [`${memoryName(role)} while taking in`, figures[memoryName(role)] ?? Number.NaN])
        ),
        ...delivery,
        "deliveries": accepted,
        "accepted behind them": shot.accepted,
        ...trial.meter.figures(before, after, accepted),
        ...Object.assign({}, ...roles.map(trial.meter.memory))
      },
      problems: [...problems, ...yield* trial.problems()]
    }
  })
})

export const waiting: Scenario = {
  contenders: gateways,
  cells: (options) => [behind(options, 0), behind(options, options.waiting)]
}
