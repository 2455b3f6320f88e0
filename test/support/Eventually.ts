import { Clock, Effect } from "effect"

const pauseMs = 20

/**
 * Looks again until what is seen is as wanted, for so many milliseconds. In the end the last thing seen is told.
 */
export const eventually = <A, E, R>(
  look: Effect.Effect<A, E, R>,
  wanted: (seen: A) => boolean,
  patience = 15_000
): Effect.Effect<A, E, R> => {
  const wait = (left: number): Effect.Effect<A, E, R> =>
    Effect.flatMap(look, (seen) => {
      if (wanted(seen)) return Effect.succeed(seen)
      if (left <= 0) return Effect.dieMessage(`never seen; last seen: ${JSON.stringify(seen)}`)
      return Effect.zipRight(Effect.sleep(pauseMs), wait(left - pauseMs))
    })
  // Servers and callbacks live in real time.
  return Effect.withClock(wait(patience), Clock.make())
}
