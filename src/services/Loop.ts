import { Cause, Effect, type Schedule, type Scope } from "effect"
import * as Farewell from "./Farewell.ts"

/** Runs a program again and again for the life of the scope. A failure or a defect is logged and does not end it. */
export const forkRepeating = <A, E, R>(
  name: string,
  schedule: Schedule.Schedule<unknown>,
  program: Effect.Effect<A, E, R>
): Effect.Effect<void, never, R | Scope.Scope> =>
  program.pipe(
    Effect.catchAllCause((cause) =>
      Cause.isInterruptedOnly(cause) ? Effect.failCause(cause) : Effect.logWarning(`${name} failed; it goes on`, cause)
    ),
    Effect.repeat(schedule),
    Farewell.fork,
    Effect.asVoid
  )
