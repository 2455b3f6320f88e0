import { Clock, Effect } from "effect"

const nanosPerMilli = 1_000_000n

/** Seconds of a clock that nobody sets, exact to the microsecond: only differences mean anything. */
export const seconds: Effect.Effect<number> = Clock.clockWith((clock) =>
  Effect.succeed(Number(clock.unsafeCurrentTimeNanos()) / 1e9)
)

/** Milliseconds of the same clock. */
export const millis: Effect.Effect<number> = Clock.clockWith((clock) =>
  Effect.succeed(Number(clock.unsafeCurrentTimeNanos() / nanosPerMilli))
)
