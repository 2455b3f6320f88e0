import { Clock, Effect, Option, Schedule, type Scope } from "effect"
import { readFileSync } from "node:fs"
import type { Fleet } from "./Fleet.ts"
import { type Member, members } from "./Kinds.ts"

/** The resident memory of a process at a moment, in megabytes. */
export interface Sample {
  readonly at: number
  readonly pid: number
  readonly megabytes: number
}

export type Samples = Readonly<Record<Member, ReadonlyArray<Sample>>>

const every = Schedule.spaced("1 second")

/** Looks at the fleet's memory every second, for the life of the scope. */
export const watch = (fleet: Fleet): Effect.Effect<Samples, never, Scope.Scope> =>
  Effect.gen(function*() {
    const samples: Record<Member, Array<Sample>> = { "api-1": [], "api-2": [], "worker-1": [], "worker-2": [] }
    const look = Effect.forEach(members, (member) =>
      Effect.gen(function*() {
        const pid = yield* fleet.hosts[member].pid
        const megabytes = Option.flatMap(pid, residentOf)
        if (Option.isNone(pid) || Option.isNone(megabytes)) return
        samples[member].push({ at: yield* Clock.currentTimeMillis, pid: pid.value, megabytes: megabytes.value })
      }))
    yield* Effect.forkScoped(Effect.repeat(look, every))
    return samples
  })

// A process that is ending has no memory any more.
const residentOf = (pid: number): Option.Option<number> =>
  Option.liftThrowable(() => readFileSync(`/proc/${pid}/status`, "utf8"))().pipe(
    Option.flatMap((status) => Option.fromNullable(/VmRSS:\s+(\d+)/.exec(status)?.[1])),
    Option.map((kilobytes) => Number(kilobytes) / 1_024)
  )

/** So many megabytes no process may ever have. */
const ceiling = 1_000
/** Fewer samples say nothing. */
const fewest = 10

/** Whose memory is beyond the ceiling, or was hardly looked at. */
export const excesses = (samples: Samples): ReadonlyArray<string> =>
  members.flatMap((member) => {
    const { length } = samples[member]
    if (length < fewest) return [`${member}'s memory was seen ${length} times only`]
    const { most } = summary(samples[member])
    return most > ceiling ? [`${member} had ${Math.round(most)} MB, and ${ceiling} MB are too much`] : []
  })

/** A process may have so many megabytes more in the last third of a time than in the second, and than in the first. */
const flat = 100
const steep = 200

/** Whose memory grows throughout a time, or was hardly looked at in it: the medians of its thirds are compared. */
export const growth = (
  samples: Samples,
  whose: ReadonlyArray<Member>,
  { from, until }: { readonly from: number; readonly until: number }
) =>
  whose.flatMap((member): ReadonlyArray<string> => {
    const seen = samples[member].filter(({ at }) => at >= from && at <= until).map((_) => _.megabytes)
    const third = Math.floor(seen.length / 3)
    if (seen.length < fewest) return [`${member}'s memory was seen ${seen.length} times only in that time`]
    const thirds = [seen.slice(0, third), seen.slice(third, 2 * third), seen.slice(2 * third)].map(median)
    const [first = 0, middle = 0, last = 0] = thirds
    return last - middle > flat || last - first > steep
      ? [`${member} grew from ${thirds.map((_) => `${Math.round(_)} MB`).join(" to ")}`]
      : []
  })

const median = (numbers: ReadonlyArray<number>): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0

/** Least, most and last, and how many megabytes a minute the newest process gained. */
export const summary = (samples: ReadonlyArray<Sample>) => {
  const newest = samples.filter(({ pid }) => pid === samples.at(-1)?.pid)
  const all = samples.map((_) => _.megabytes)
  return {
    least: all.reduce((least, _) => Math.min(least, _), Number.POSITIVE_INFINITY),
    most: all.reduce((most, _) => Math.max(most, _), 0),
    last: all.at(-1) ?? Number.NaN,
    perMinute: slope(newest) * 60_000
  }
}

/** Least squares, in megabytes a millisecond. */
const slope = (samples: ReadonlyArray<Sample>): number => {
  const mean = (of: (sample: Sample) => number) => samples.reduce((sum, _) => sum + of(_), 0) / samples.length
  const at = mean((_) => _.at)
  const megabytes = mean((_) => _.megabytes)
  const spread = samples.reduce((sum, _) => sum + (_.at - at) ** 2, 0)
  return spread === 0 ? 0 : samples.reduce((sum, _) => sum + (_.at - at) * (_.megabytes - megabytes), 0) / spread
}
