import { Effect } from "effect"
import { unsent } from "../load/Volley.ts"
import type { Options } from "../Options.ts"
import { type Figures, spread } from "../Statistics.ts"
import * as Trial from "../Trial.ts"
import * as Monotonic from "../wire/Monotonic.ts"
import { kilobytes, secondsOf } from "./Scenario.ts"

/** How hard a gateway is pressed. */
export interface Pressure {
  readonly connections: number
  readonly body: number
}

export const ordinary: Pressure = { connections: 64, body: 1 }

/** More small requests than any gateway takes in a second, and more than are answered that need not be stored. */
const mostStored = 10_000
const mostAnswered = 25_000
const mostKilobytes = 120_000

/** An order for as many webhooks as can be answered in so many seconds. */
const saturating = (trial: Trial.Trial, pressure: Pressure, seconds: number, forged: boolean): Trial.Order => {
  const most = forged || trial.contender.name === "limit" ? mostAnswered : mostStored
  const perSecond = Math.min(most, mostKilobytes / pressure.body)
  return {
    connections: pressure.connections,
    bodyBytes: kilobytes(pressure.body),
    count: Math.max(pressure.connections, Math.ceil(perSecond * seconds)),
    seconds,
    forged
  }
}

/** What is special about requests. */
export type Kind = Partial<Pick<Trial.Order, "forged" | "copies">>

/** Requests as fast as they are answered; none of it counts. */
export const warmUp = Effect.fn("Acts.warmUp")(
  function*(trial: Trial.Trial, options: Options, pressure = ordinary, { copies = false, forged = false }: Kind = {}) {
    yield* Effect.flatten(trial.load({ ...saturating(trial, pressure, options.warmup, forged), copies }))
    yield* trial.queued
  }
)

/**
 * Requests as fast as they are answered, and what that costs, until everything that was accepted stands in the queue: who
 * answers first and publishes later has not done with it before.
 */
export const saturate = Effect.fn("Acts.saturate")(function*(
  trial: Trial.Trial,
  options: Options,
  pressure: Pressure,
  { copies = false, forged = false }: Kind = {}
) {
  const isWanted = forged ? isRefusal : isAcceptance
  const seconds = secondsOf(options)
  const fire = yield* trial.load({ ...saturating(trial, pressure, seconds, forged), copies })
  yield* trial.meter.reset
  const before = yield* trial.meter.read
  const shot = yield* fire
  const unqueued = yield* trial.queued
  const doneAt = Monotonic.now()
  const after = yield* trial.meter.read
  const { statuses } = shot.report
  const others = statuses.filter((_) => _ !== unsent && !isWanted(_)).length
  return {
    shot,
    figures: {
      ...answers(shot, isWanted, forged ? shot.report.endedAt : doneAt),
      ...trial.meter.figures(before, after, statuses.filter(isWanted).length)
    },
    problems: others === 0 ? unqueued : [...unqueued, `${others} had another answer than they should, or none`]
  }
})

const isAcceptance = (status: number): boolean => status >= 200 && status < 300
const isRefusal = (status: number): boolean => status === 401

/** The rate of answers as they are to be, from the first request until all is done, and their latencies. */
const answers = ({ report }: Trial.Shot, isWanted: (status: number) => boolean, doneAt: number): Figures => {
  const { answeredAt, sentAt, startedAt, statuses } = report
  const last = answeredAt.reduce((latest, at) => Math.max(latest, at), 0)
  return {
    "answers per second": statuses.filter(isWanted).length / (doneAt - startedAt) * 1_000,
    ...spread("answer", latencies(sentAt, answeredAt)),
    "queued after the last answer, ms": Math.max(0, doneAt - last)
  }
}

/** Milliseconds from the moment when a request was to be sent to its answer. */
export const latencies = (sentAt: Float64Array, answeredAt: Float64Array): ReadonlyArray<number> =>
  Array.from(answeredAt).flatMap((at, place) => at > 0 ? [at - (sentAt[place] ?? 0)] : [])

/** Has so many webhooks accepted as fast as can be. */
export const amass = Effect.fn("Acts.amass")(function*(trial: Trial.Trial, count: number, pressure = ordinary) {
  return yield* Effect.flatten(trial.load({
    connections: pressure.connections,
    bodyBytes: kilobytes(pressure.body),
    count
  }))
})

/** Lets the workers deliver what is waiting of some batches, and says how fast that goes and what it costs. */
export const drain = Effect.fn("Acts.drain")(function*(
  trial: Trial.Trial,
  { batches, deliveries }: { readonly batches: ReadonlyArray<string>; readonly deliveries: number }
) {
  yield* trial.meter.reset
  const before = yield* trial.meter.read
  yield* trial.gateway.startWorkers
  yield* trial.settle()
  const after = yield* trial.meter.read
  const at = Trial.arrivals(yield* trial.callbacks.pages, batches)
  return {
    ...rates(at),
    "calls per delivery": (yield* trial.callbacks.count).calls / Math.max(1, deliveries),
    ...trial.meter.figures(before, after, deliveries)
  }
})

/** The rate from the first arrival to the last, and without the first fifth, in which the processes warm up. */
export const rates = (at: Float64Array): Figures => {
  const rate = (from: number): number => {
    const first = at[from] ?? Number.NaN
    const last = at.at(-1) ?? Number.NaN
    return (at.length - 1 - from) / (last - first) * 1_000
  }
  return { "deliveries per second": rate(0), "deliveries per second, warm": rate(Math.floor(at.length / 5)) }
}
