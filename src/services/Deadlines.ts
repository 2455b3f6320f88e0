import { Duration, Effect, Schedule, type Scope } from "effect"
import * as Loop from "./Loop.ts"

/** Ends what takes too long: one look at the oldest for all of them, instead of a timer for each. */
export interface Deadlines {
  /** Calls `expire` once the time is over, unless the function that it gives was called before. */
  readonly watch: (expire: () => void) => () => void
}

const looks = 16

/** Deadlines that all are `after` so long; an end comes up to a sixteenth late. */
export const make = (name: string, after: Duration.Duration): Effect.Effect<Deadlines, never, Scope.Scope> =>
  Effect.gen(function*() {
    let look = 0
    // In the order in which their time is over.
    const watched = new Set<Watched>()
    yield* Loop.forkRepeating(
      name,
      Schedule.spaced(Duration.times(after, 1 / looks)),
      Effect.sync(() => {
        look += 1
        for (const one of watched) {
          if (one.last >= look) return
          watched.delete(one)
          one.expire()
        }
      })
    )
    return {
      watch: (expire) => {
        const one = { expire, last: look + looks }
        watched.add(one)
        return () => void watched.delete(one)
      }
    }
  })

interface Watched {
  readonly expire: () => void
  /** The last look that lets it be. */
  readonly last: number
}
