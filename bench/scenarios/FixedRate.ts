import { Effect, Option } from "effect"
import { unsent } from "../load/Volley.ts"
import type { Options } from "../Options.ts"
import { spread } from "../Statistics.ts"
import type * as Trial from "../Trial.ts"
import * as Acts from "./Acts.ts"
import { type Cell, gateways, kilobytes, type Scenario, secondsOf } from "./Scenario.ts"

const rates = [300, 1_000]
const minute = 60

/** The seconds of a measurement in parts: what is sent in one is signed before it begins. */
const partsOf = (seconds: number): ReadonlyArray<number> =>
  Array.from({ length: Math.ceil(seconds / minute) }, (_, index) => Math.min(minute, seconds - index * minute))

/** Milliseconds from the moment when each was to be sent to its answer, and to its first successful call. */
const timesOf = Effect.fnUntraced(function*(trial: Trial.Trial, { batch, report }: Trial.Shot) {
  const pages = yield* trial.callbacks.pages
  const at = pages.find((_) => _.batch === batch)?.at ?? new Float64Array(0)
  return {
    accept: Acts.latencies(report.sentAt, report.answeredAt),
    toCallback: Array.from(report.sentAt).flatMap((sentAt, number) => {
      const arrival = at[number] ?? 0
      return arrival > 0 ? [arrival - sentAt] : []
    })
  }
})

/** Everything runs; webhooks come at a rate, whatever happens, and the clock of each starts when it was to be sent. */
const measure = (options: Options, perSecond: number, seconds: number): Cell["measure"] =>
  Effect.fnUntraced(function*(trial) {
    const connections = Option.getOrElse(options.connections, () => [Acts.ordinary.connections])[0]
    const body = Option.getOrElse(options.body, () => [Acts.ordinary.body])[0]
    const load = (seconds: number) =>
      trial.load({
        perSecond,
        connections: connections ?? Acts.ordinary.connections,
        bodyBytes: kilobytes(body ?? Acts.ordinary.body),
        count: Math.ceil(perSecond * seconds)
      })
    yield* trial.gateway.startWorkers
    yield* Effect.flatten(load(options.warmup))
    // Workers that have only just started would be behind for a while.
    yield* trial.settle()
    yield* trial.meter.reset
    const before = yield* trial.meter.read
    const shots = yield* Effect.forEach(partsOf(seconds), (part) => Effect.flatten(load(part)))
    yield* trial.settle()
    const after = yield* trial.meter.read
    const times = yield* Effect.forEach(shots, (shot) => timesOf(trial, shot))
    const accepted = shots.reduce((sum, shot) => sum + shot.accepted, 0)
    const took = shots.reduce((sum, { report }) => sum + report.endedAt - report.startedAt, 0)
    const sent = shots.reduce((sum, { report }) => sum + report.statuses.filter((_) => _ !== unsent).length, 0)
    return {
      figures: {
        "accepted per second": accepted / took * 1_000,
        ...spread("accept", times.flatMap((_) => _.accept)),
        ...spread("accept to callback", times.flatMap((_) => _.toCallback)),
        "the generator's own lateness, ms": shots.reduce((most, { report }) => Math.max(most, report.lateness), 0),
        ...trial.meter.figures(before, after, accepted),
        ...trial.meter.memory("api"),
        ...trial.meter.memory("worker")
      },
      problems: [
        ...(accepted === sent ? [] : [`${sent - accepted} of ${sent} were refused, or had no answer`]),
        ...yield* trial.problems()
      ]
    }
  })

/** One rate, for so many seconds unless the command line says it. */
export const cell = (options: Options, perSecond: number, usual = minute): Cell => ({
  name: `${perSecond} per second`,
  measure: measure(options, perSecond, secondsOf(options, usual))
})

export const fixedRate: Scenario = {
  contenders: gateways,
  cells: (options) => Option.getOrElse(options.rate, () => rates).map((rate) => cell(options, rate))
}

/** An hour of it: what the processes' memory does. */
export const soak: Scenario = {
  contenders: ["sluice"],
  cells: (options) => Option.getOrElse(options.rate, () => [1_000]).map((rate) => cell(options, rate, 60 * minute))
}
