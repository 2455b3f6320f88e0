import { Effect, Option } from "effect"
import type { Options } from "../Options.ts"
import { spread } from "../Statistics.ts"
import * as Acts from "./Acts.ts"
import { type Cell, gateways, kilobytes, type Scenario } from "./Scenario.ts"

const rates = [300, 1_000]

/** Everything runs; webhooks come at a rate, whatever happens, and the clock of each starts when it was to be sent. */
const cell = (options: Options, perSecond: number): Cell => {
  const connections = Option.getOrElse(options.connections, () => [Acts.ordinary.connections])[0]
  const body = Option.getOrElse(options.body, () => [Acts.ordinary.body])[0]
  const order = {
    perSecond,
    connections: connections ?? Acts.ordinary.connections,
    bodyBytes: kilobytes(body ?? Acts.ordinary.body)
  }
  return {
    name: `${perSecond} per second`,
    measure: Effect.fnUntraced(function*(trial) {
      yield* trial.gateway.startWorkers
      yield* Effect.flatten(trial.load({ ...order, count: Math.ceil(perSecond * options.warmup) }))
      // Workers that have only just started would be behind for a while.
      yield* trial.settle()
      const fire = yield* trial.load({ ...order, count: Math.ceil(perSecond * options.seconds) })
      yield* trial.meter.reset
      const before = yield* trial.meter.read
      const { accepted, batch, report } = yield* fire
      yield* trial.settle()
      const after = yield* trial.meter.read
      const pages = yield* trial.callbacks.pages
      const at = pages.find((_) => _.batch === batch)?.at ?? new Float64Array(0)
      const arrived = Array.from(report.sentAt).flatMap((sentAt, number) => {
        const arrival = at[number] ?? 0
        return arrival > 0 ? [arrival - sentAt] : []
      })
      return {
        figures: {
          "accepted per second": accepted / (report.endedAt - report.startedAt) * 1_000,
          ...spread("accept", Acts.latencies(report.sentAt, report.answeredAt)),
          ...spread("accept to callback", arrived),
          "the generator's own lateness, ms": report.lateness,
          ...trial.meter.figures(before, after, accepted)
        },
        problems: yield* trial.problems()
      }
    })
  }
}

export const fixedRate: Scenario = {
  contenders: gateways,
  cells: (options) => Option.getOrElse(options.rate, () => rates).map((rate) => cell(options, rate))
}
