import { Effect, Schedule } from "effect"
import type { StoreError } from "./store/Store.ts"

const untilStoreReturns = Schedule.exponential("100 millis").pipe(
  Schedule.union(Schedule.spaced("2 seconds")),
  Schedule.jittered
)

/**
 * Tries again for as long as PostgreSQL is away: a message that needs it stays in hand, and the hard limit on those keeps
 * the rest in the queue. Handing it out again instead would use up the broker's patience with it.
 */
export const wait = <A>(effect: Effect.Effect<A, StoreError>): Effect.Effect<A> =>
  // A schedule costs more than all else, and next to nobody needs it.
  Effect.catchAll(effect, (error) => passes(error) ? Effect.orDie(patiently(effect)) : Effect.die(error))

const patiently = <A>(effect: Effect.Effect<A, StoreError>): Effect.Effect<A, StoreError> =>
  effect.pipe(
    Effect.tapError((error) => Effect.logWarning("PostgreSQL cannot be used now; the message waits", error)),
    Effect.retry({ schedule: untilStoreReturns, while: passes })
  )

const passes = ({ reason }: StoreError): boolean => reason === "Unavailable" || reason === "Contended"
