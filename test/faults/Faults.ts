import { Clock, Console, Duration, Effect, Exit, type Scope } from "effect"
import type { Incident } from "./Books.ts"
import type { Kind } from "./Kinds.ts"
import type { Trouble } from "./Plan.ts"
import type { World } from "./World.ts"

/** Does a fault to a target for so many seconds, and undoes it; both with the scope. */
export type Fault = (
  world: World,
  target: string,
  seconds: number
) => Effect.Effect<unknown, { readonly message: string }, Scope.Scope>

const catalogue: Partial<Record<Kind, Fault>> = {}

/** Lets a trouble happen from its beginning to its undoing, and tells how it really was. */
export const inflict = Effect.fn("Faults.inflict")(function*(world: World, { kind, seconds, target }: Trouble) {
  const from = yield* Clock.currentTimeMillis
  const fault = catalogue[kind]
  yield* Console.log(`  ${kind} ${target}${seconds === 0 ? "" : ` for ${seconds} s`}`)
  const exit = fault === undefined ? Exit.void : yield* Effect.exit(
    Effect.scoped(Effect.zipRight(fault(world, target, seconds), Effect.sleep(Duration.seconds(seconds))))
  )
  const failure = Exit.isFailure(exit) ? String(exit.cause) : null
  return { kind, target, from, until: yield* Clock.currentTimeMillis, failure } satisfies Incident
})
