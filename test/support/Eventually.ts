import { Clock, Effect } from "effect"

const pauseMs = 20

/**
 * Looks again until what is seen is as wanted, for so many milliseconds. In the end the last thing seen is told, with the
 * stack of whoever waited for it.
 */
export const eventually = <A, E, R>(
  look: Effect.Effect<A, E, R>,
  wanted: (seen: A) => boolean,
  patience = 15_000
): Effect.Effect<A, E, R> => {
  const waiter = new Error()
  const wait = (left: number): Effect.Effect<A, E, R> =>
    Effect.flatMap(look, (seen) => {
      if (wanted(seen)) return Effect.succeed(seen)
      if (left <= 0) {
        waiter.message = `never seen; last seen: ${JSON.stringify(seen)}`
        return Effect.die(waiter)
      }
      return Effect.zipRight(Effect.sleep(pauseMs), wait(left - pauseMs))
    })
  // Servers and callbacks live in real time.
  return Effect.withClock(wait(patience), Clock.make())
}
