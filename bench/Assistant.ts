import { Effect, Exit, Queue, type Scope } from "effect"
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"

/** A process of the bench's own, so that it works in time whatever the others do. It says one thing for each it is told. */
export interface Assistant<Told, Said> {
  readonly pid: number
  readonly ask: (told: Told) => Effect.Effect<Said>
  /** What it says unasked. */
  readonly next: Effect.Effect<Said>
}

const built = new URL("../dist/bench/", import.meta.url)

/** The path of a built program of the bench. */
export const program = (path: string): string => fileURLToPath(new URL(path, built))

export const start = <Told extends object, Said>(
  path: string
): Effect.Effect<Assistant<Told, Said>, never, Scope.Scope> =>
  Effect.gen(function*() {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => fork(program(path), [], { execArgv: [], serialization: "advanced" })),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    const said = yield* Queue.unbounded<Exit.Exit<Said>>()
    child.on("message", (message: Said) => said.unsafeOffer(Exit.succeed(message)))
    child.once("exit", (code) => said.unsafeOffer(Exit.die(`${path} ended with ${code}`)))
    const next = Effect.flatten(Queue.take(said))
    const turn = yield* Effect.makeSemaphore(1)
    return {
      pid: child.pid ?? 0,
      ask: (told) => Effect.zipRight(Effect.sync(() => child.send(told)), next).pipe(turn.withPermits(1)),
      next
    }
  })
