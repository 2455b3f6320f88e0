import { Clock, Effect } from "effect"

/** Seconds of the same clock, exact to the microsecond. */
export const seconds: Effect.Effect<number> = Effect.map(Clock.currentTimeNanos, (nanos) => Number(nanos) / 1e9)

const nanosPerMilli = 1_000_000n

/** Milliseconds of a clock that nobody sets: only differences mean anything. */
export const millis: Effect.Effect<number> = Effect.map(
  Clock.currentTimeNanos,
  (nanos) => Number(nanos / nanosPerMilli)
)
