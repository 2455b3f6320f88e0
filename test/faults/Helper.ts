import { Deferred, Effect, Exit, Queue, type Scope } from "effect"
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"

/** A part of the harness in a process of its own, so that it keeps its pace whatever the rest does. */
export interface Helper<Told, Said> {
  /** What it says first, without being asked. */
  readonly greeting: Said
  /** Tells it something and waits for what it says. One at a time is told. */
  readonly ask: (told: Told) => Effect.Effect<Said>
}

/** Starts a program of this folder, which is gone with the scope. */
export const start = Effect.fnUntraced(
  function*<Told extends object, Said extends object>(
    program: string,
    args: ReadonlyArray<string>
  ): Effect.fn.Return<Helper<Told, Said>, never, Scope.Scope> {
    const file = fileURLToPath(new URL(program, import.meta.url))
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        fork(file, args, { execArgv: ["--import", import.meta.resolve("tsx")], serialization: "advanced" })
      ),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    const said = yield* Queue.unbounded<Said>()
    const ended = yield* Deferred.make<never>()
    child.on("message", (message: Said) => said.unsafeOffer(message))
    child.once("exit", (code) => Deferred.unsafeDone(ended, Exit.die(`${program} ended with ${code}`)))
    // Nothing can be sent to one that has ended.
    child.on("error", () => undefined)
    const next = Effect.raceFirst(Effect.interruptible(Queue.take(said)), Effect.interruptible(Deferred.await(ended)))
    const turn = yield* Effect.makeSemaphore(1)
    return {
      greeting: yield* next,
      // An answer that nobody waits for any more would be taken for the next one's.
      ask: (told) =>
        Effect.zipRight(Effect.sync(() => child.send(told)), next).pipe(Effect.uninterruptible, turn.withPermits(1))
    }
  }
)

/** Within such a program: answers each thing that it is told, in order, until the harness is gone. */
export const serve = <Told, Said extends object>(greeting: Said, answer: (told: Told) => Effect.Effect<Said>) =>
  Effect.gen(function*() {
    const told = yield* Queue.unbounded<Told>()
    process.on("message", (message: Told) => told.unsafeOffer(message))
    process.once("disconnect", () => process.exit())
    const say = (said: Said) => Effect.sync(() => process.send?.(said))
    yield* say(greeting)
    return yield* Effect.forever(Effect.flatMap(Effect.flatMap(Queue.take(told), answer), say))
  })
