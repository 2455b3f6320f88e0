import { Duration, Effect, Schedule, type Scope } from "effect"
import * as Loop from "./Loop.ts"

/** Ends what takes too long: one look at the oldest for all of them, instead of a timer for each. */
export interface Deadlines {
  /** Calls `expire` once the time is over, unless the function that it gives was called before. */
  readonly watch: (expire: () => void) => () => void
}

const looks = 16

/** Deadlines that all are `after` so long; an end comes up to a sixteenth late. Where nothing is watched nobody looks. */
export const make = (name: string, after: Duration.Duration): Effect.Effect<Deadlines, never, Scope.Scope> =>
  Effect.gen(function*() {
    const watching = yield* Effect.makeLatch()
    let isWatching = false
    let look = 0
    // In the order in which their time is over.
    const watched = new Set<Watched>()

    const begin = () => {
      isWatching = true
      watching.unsafeOpen()
    }
    const rest = () => {
      isWatching = false
      watching.unsafeClose()
    }
    const expire = () => {
      look += 1
      for (const one of watched) {
        if (one.last >= look) return
        watched.delete(one)
        one.expire()
      }
    }
    yield* Loop.forkRepeating(
      name,
      Schedule.forever,
      watching.await.pipe(
        Effect.zipRight(Effect.sleep(Duration.times(after, 1 / looks))),
        Effect.zipRight(Effect.sync(expire)),
        Effect.ensuring(Effect.sync(() => watched.size === 0 ? rest() : undefined))
      )
    )
    return {
      watch: (expire) => {
        // The first look after a rest is a whole sixteenth later; after that a part of one has gone by.
        const one = { expire, last: look + (isWatching ? looks : looks - 1) }
        watched.add(one)
        if (!isWatching) begin()
        return () => void watched.delete(one)
      }
    }
  })

interface Watched {
  readonly expire: () => void
  /** The last look that lets it be. */
  readonly last: number
}
