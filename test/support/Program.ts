import { Effect, type Scope } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { eventually } from "./Eventually.ts"

/** A program of the build, run as operators run it, and gone with the scope. */
export interface Program {
  /** Starts it (again), and waits until it says what it says when it is ready. */
  readonly start: Effect.Effect<void>
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** The exit code; null where a signal ended it. */
  readonly exit: Effect.Effect<number | null>
  /** Everything that it has said. */
  readonly output: Effect.Effect<string>
}

export interface Options {
  /** Below `dist`; or a script of package.json, run by npm as a person does. */
  readonly entry: string | { readonly script: string }
  readonly env: Readonly<Record<string, string>>
  readonly ready: Effect.Effect<boolean>
}

// What orchestrators give a process to end.
const exitTime = 30_000
// A start may make a database first, beside two other suites.
const startTime = 45_000

const dist = new URL("../../dist/", import.meta.url)

export const make = ({ entry, env, ready }: Options): Effect.Effect<Program, never, Scope.Scope> =>
  Effect.gen(function*() {
    const children: Array<ChildProcess> = []
    let said = ""
    yield* Effect.addFinalizer(() => Effect.sync(() => children.forEach((_) => _.kill("SIGKILL"))))

    const launch = Effect.sync(() => {
      const [file, args] = typeof entry === "string"
        ? [process.execPath, [fileURLToPath(new URL(entry, dist))]]
        : ["npm", ["run", "--silent", entry.script]]
      const child = spawn(file, args, {
        cwd: fileURLToPath(new URL("..", dist)),
        env: { PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`, HOME: "/tmp", ...env },
        stdio: ["ignore", "pipe", "pipe"]
      })
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk: Buffer) => {
          said += chunk.toString()
        })
      }
      children.push(child)
    })
    const latest = Effect.sync(() => children.at(-1))
    const ended = Effect.map(
      latest,
      (child) => child !== undefined && (child.exitCode !== null || child.signalCode !== null)
    )

    return {
      start: launch.pipe(
        Effect.zipRight(eventually(Effect.all([ready, ended]), ([ready, ended]) => ready || ended, startTime)),
        Effect.zipRight(
          Effect.flatMap(
            ended,
            (ended) => ended ? Effect.dieMessage(`${JSON.stringify(entry)} ended: ${said}`) : Effect.void
          )
        )
      ),
      signal: (signal) =>
        Effect.map(latest, (child) => {
          child?.kill(signal)
        }),
      exit: Effect.zipRight(
        eventually(ended, (_) => _, exitTime),
        Effect.map(latest, (child) => child?.exitCode ?? null)
      ),
      output: Effect.sync(() => said)
    }
  })
