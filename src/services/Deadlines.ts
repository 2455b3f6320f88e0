import { Duration, Effect, Schedule, type Scope } from "effect"
import * as Elapsed from "./Elapsed.ts"
import * as Loop from "./Loop.ts"
import * as Roster from "./Roster.ts"

/** Ends what takes too long: one look at the oldest for all of them, instead of a timer for each. */
export interface Deadlines {
  /** Calls `expire` once the time is over, unless the function that it gives was called before. */
  readonly watch: (expire: () => void) => () => void
}

const looks = 16
// To a process that was stopped for a while, what came in meanwhile is as good as in time.
const mostPerLook = 3

/**
 * Deadlines that all are `after` so long; an end comes up to a sixteenth late. Where nothing is watched nobody looks, and
 * while the process is stopped hardly any time goes by.
 */
export const make = (name: string, after: Duration.Duration): Effect.Effect<Deadlines, never, Scope.Scope> =>
  Effect.gen(function*() {
    const millis = yield* Elapsed.reader
    const watching = yield* Effect.makeLatch()
    const every = Duration.toMillis(after) / looks
    let isWatching = false
    let lookedAt = 0
    // What has gone by until the last look.
    let passed = 0
    // In the order in which their time is over.
    const watched = Roster.make<Watched>()

    const sinceLook = (): number => Math.min(millis() - lookedAt, mostPerLook * every)
    const begin = () => {
      isWatching = true
      lookedAt = millis()
      watching.unsafeOpen()
    }
    const rest = () => {
      isWatching = false
      watching.unsafeClose()
    }
    const expire = () => {
      passed += sinceLook()
      lookedAt = millis()
      for (let one = watched.first(); one !== undefined && one.until <= passed; one = watched.first()) {
        one.unwatch()
        one.expire()
      }
    }
    yield* Loop.forkRepeating(
      name,
      Schedule.forever,
      watching.await.pipe(
        Effect.zipRight(Effect.sleep(Duration.millis(every))),
        Effect.zipRight(Effect.sync(expire)),
        Effect.ensuring(Effect.sync(() => watched.first() === undefined ? rest() : undefined))
      )
    )
    return {
      watch: (expire) => {
        if (!isWatching) begin()
        const unwatch = watched.enter({
          expire,
          until: passed + sinceLook() + Duration.toMillis(after),
          unwatch: () => unwatch()
        })
        return unwatch
      }
    }
  })

interface Watched {
  readonly expire: () => void
  /** When its time is over, in milliseconds of `passed`. */
  readonly until: number
  readonly unwatch: () => void
}
