import { Duration, Effect } from "effect"
import * as Elapsed from "./Elapsed.ts"

/** Lets what comes again give way to new events, without standing idle while there are none. */
export interface Precedence {
  /** Notes that a new event is here. */
  readonly arrived: Effect.Effect<void>
  /**
   * Does work for something that comes again: while new events come, only so many at a time. Work that goes on to wait for
   * others says so by `apart`, and then keeps nobody from the next turn.
   */
  readonly giveWay: <A, E, R>(work: (apart: Effect.Effect<void>) => Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

// After so long without one no new event is waited for.
const quiet = Duration.seconds(2)

/** `turns` is for how many that come again work is done at a time while new events come. */
export const make = (turns: number): Effect.Effect<Precedence> =>
  Effect.map(Effect.makeSemaphore(turns), (semaphore): Precedence => {
    let arrivedAt = Number.NEGATIVE_INFINITY
    const inTurn: Precedence["giveWay"] = (work) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.suspend(() => {
          let had = 1
          const apart = Effect.suspend(() => {
            const back = had
            had = 0
            return Effect.asVoid(semaphore.release(back))
          })
          return Effect.zipRight(
            restore(semaphore.take(1)),
            Effect.ensuring(restore(work(apart)), apart)
          )
        })
      )
    return {
      arrived: Effect.map(Elapsed.millis, (now) => {
        arrivedAt = now
      }),
      giveWay: (work) =>
        Effect.flatMap(
          Elapsed.millis,
          (now) => now - arrivedAt < Duration.toMillis(quiet) ? inTurn(work) : work(Effect.void)
        )
    }
  })
