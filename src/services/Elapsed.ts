import { Clock, Effect } from "effect"

const nanosPerMilli = 1_000_000n

/** Seconds of a clock that nobody sets, exact to the microsecond: only differences mean anything. */
export const seconds: Effect.Effect<number> = Clock.clockWith((clock) => Effect.succeed(readSeconds(clock)))

/** Milliseconds of the same clock. */
export const millis: Effect.Effect<number> = Clock.clockWith((clock) => Effect.succeed(read(clock)))

/** The clock itself, for who reads it several times for each delivery: its milliseconds at once. */
export const reader: Effect.Effect<() => number> = Effect.map(Effect.clock, (clock) => () => read(clock))

/** The same in seconds. */
export const secondsReader: Effect.Effect<() => number> = Effect.map(Effect.clock, (clock) => () => readSeconds(clock))

const readSeconds = (clock: Clock.Clock): number => Number(clock.unsafeCurrentTimeNanos()) / 1e9

const read = (clock: Clock.Clock): number => Number(clock.unsafeCurrentTimeNanos() / nanosPerMilli)
