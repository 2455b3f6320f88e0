import { Deferred, Effect, Exit, Queue, type Scope } from "effect"
import { fork } from "node:child_process"

/** A part of a harness in a process of its own, so that it works in time whatever the rest does. */
export interface Assistant<Told, Said> {
  readonly pid: number
  /** Tells it something and waits for what it says. One thing at a time is told. */
  readonly ask: (told: Told) => Effect.Effect<Said>
  /** What it says unasked. */
  readonly next: Effect.Effect<Said>
}

export interface Options {
  readonly args?: ReadonlyArray<string>
  /** Node's own arguments. */
  readonly execArgv?: ReadonlyArray<string>
}

/** Starts a program, which is gone with the scope. */
export const start = Effect.fnUntraced(
  function*<Told extends object, Said>(
    file: string,
    { args = [], execArgv = [] }: Options = {}
  ): Effect.fn.Return<Assistant<Told, Said>, never, Scope.Scope> {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => fork(file, args, { execArgv: [...execArgv], serialization: "advanced" })),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    const said = yield* Queue.unbounded<Said>()
    const ended = yield* Deferred.make<never>()
    child.on("message", (message: Said) => said.unsafeOffer(message))
    child.once("exit", (code) => Deferred.unsafeDone(ended, Exit.die(`${file} ended with ${code}`)))
    // Nothing can be sent to one that has ended.
    child.on("error", () => undefined)
    const next = Effect.raceFirst(Effect.interruptible(Queue.take(said)), Effect.interruptible(Deferred.await(ended)))
    const turn = yield* Effect.makeSemaphore(1)
    return {
      pid: child.pid ?? 0,
      // An answer that nobody waits for any more would be taken for the next one's.
      ask: (told) =>
        Effect.zipRight(Effect.sync(() => child.send(told)), next).pipe(Effect.uninterruptible, turn.withPermits(1)),
      next
    }
  }
)
