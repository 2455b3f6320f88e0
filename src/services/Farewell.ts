import { Duration, Effect, Fiber, type Scope } from "effect"

const patience = Duration.seconds(3)

/** What is done in parting, as long as it does not take long: a server that has gone silent must not hold up the end. */
export const say = <A, E, R>(parting: Effect.Effect<A, E, R>): Effect.Effect<void, never, R> =>
  parting.pipe(Effect.disconnect, Effect.interruptible, Effect.timeout(patience), Effect.ignore)

/** Runs a program for the life of the scope. At its end it is interrupted, and left alone where that takes long. */
export const fork = <A, E, R>(
  program: Effect.Effect<A, E, R>
): Effect.Effect<Fiber.RuntimeFiber<A, E>, never, R | Scope.Scope> =>
  Effect.acquireRelease(Effect.forkDaemon(Effect.interruptible(program)), (fiber) => say(Fiber.interrupt(fiber)))
