import { Chunk, Duration, Effect, type Option, Schedule, Schema } from "effect"

/** How often and how late a failed delivery is tried again. Durations in milliseconds. */
export const RetryPolicy = Schema.Struct({
  maxRetries: Schema.Int.pipe(Schema.between(0, 100)),
  baseDelayMs: Schema.Int.pipe(Schema.between(1, 86_400_000)),
  factor: Schema.Number.pipe(Schema.between(1, 100)),
  maxDelayMs: Schema.Int.pipe(Schema.between(1, 604_800_000))
})
export type RetryPolicy = typeof RetryPolicy.Type

/** A destination's deviations from the gateway's policy. */
export const RetryOverrides = Schema.partialWith(RetryPolicy, { exact: true })
export type RetryOverrides = typeof RetryOverrides.Type

/** Exponential, spread by a fifth to either side, capped, limited. */
export const schedule = (policy: RetryPolicy): Schedule.Schedule<unknown> =>
  Schedule.exponential(Duration.millis(policy.baseDelayMs), policy.factor).pipe(
    Schedule.jitteredWith({ min: 0.8, max: 1.2 }),
    Schedule.union(Schedule.spaced(Duration.millis(policy.maxDelayMs))),
    Schedule.intersect(Schedule.recurs(policy.maxRetries))
  )

/** The delay between failed attempt `attempt` (1 is the first) and the next one; none when the retries are used up. */
export const delayAfter = (policy: RetryPolicy, attempt: number): Effect.Effect<Option.Option<Duration.Duration>> =>
  attempt > policy.maxRetries
    ? Effect.succeedNone
    : Effect.map(
      Schedule.run(Schedule.delays(schedule(policy)), 0, Array.from({ length: attempt }, () => undefined)),
      Chunk.last
    )
