import { Clock, Effect } from "effect"

// The longer it has been waited, the less often is looked: a look may cost a server more than what it waits for.
const shortestPauseMs = 20
const longestPauseMs = 100
const pauseAfter = (waitedMs: number) => Math.min(longestPauseMs, Math.max(shortestPauseMs, waitedMs / 10))

/**
 * Looks again until what is seen is as wanted, for so many milliseconds. In the end the last thing seen is told, with the
 * stack of whoever waited for it.
 */
export const eventually = <A, E, R>(
  look: Effect.Effect<A, E, R>,
  wanted: (seen: A) => boolean,
  patience = 18_000
): Effect.Effect<A, E, R> => {
  const waiter = new Error()
  const wait = (waited: number): Effect.Effect<A, E, R> =>
    Effect.flatMap(look, (seen) => {
      if (wanted(seen)) return Effect.succeed(seen)
      if (waited >= patience) {
        waiter.message = `never seen; last seen: ${JSON.stringify(seen)}`
        return Effect.die(waiter)
      }
      const pause = pauseAfter(waited)
      return Effect.zipRight(Effect.sleep(pause), wait(waited + pause))
    })
  // Servers and callbacks live in real time.
  return Effect.withClock(wait(0), Clock.make())
}
