import { Clock, Effect } from "effect"

const nanosPerMilli = 1_000_000n

/** Milliseconds of a clock that nobody sets: only differences mean anything. */
export const millis: Effect.Effect<number> = Effect.map(
  Clock.currentTimeNanos,
  (nanos) => Number(nanos / nanosPerMilli)
)
