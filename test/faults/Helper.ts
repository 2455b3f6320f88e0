import { Effect, Queue } from "effect"
import { fileURLToPath } from "node:url"
import * as Assistant from "../support/Assistant.ts"

/** Starts a program of this folder from its source. */
export const start = <Told extends object, Said>(program: string, args: ReadonlyArray<string>) =>
  Assistant.start<Told, Said>(fileURLToPath(new URL(program, import.meta.url)), {
    args,
    execArgv: ["--import", import.meta.resolve("tsx")]
  })

/** Within such a program: says a first thing, and answers each thing that it is told, until the harness is gone. */
export const serve = <Told, Said extends object>(greeting: Said, answer: (told: Told) => Effect.Effect<Said>) =>
  Effect.gen(function*() {
    const told = yield* Queue.unbounded<Told>()
    process.on("message", (message: Told) => told.unsafeOffer(message))
    process.once("disconnect", () => process.exit())
    const say = (said: Said) => Effect.sync(() => process.send?.(said))
    yield* say(greeting)
    return yield* Effect.forever(Effect.flatMap(Effect.flatMap(Queue.take(told), answer), say))
  })
