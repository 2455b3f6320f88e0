import { Data, Effect, Schedule, type Scope } from "effect"
import type { World } from "../World.ts"

/** A fault that could not be done. */
export class FaultFailed extends Data.TaggedError("FaultFailed")<{ readonly message: string }> {}

/** Does something bad to a target, which is to last so many seconds; closing the scope undoes it. */
export type Fault = (
  world: World,
  target: string,
  seconds: number
) => Effect.Effect<unknown, { readonly message: string }, Scope.Scope>

const again = Schedule.spaced("1 second").pipe(Schedule.upTo("2 minutes"))

/** Undoes a fault whatever it takes: another fault may be in the way. */
export const surely = <A, E>(undo: Effect.Effect<A, E>): Effect.Effect<void> =>
  undo.pipe(Effect.interruptible, Effect.retry(again), Effect.orDie, Effect.asVoid)
