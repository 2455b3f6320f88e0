import { Data, Effect, Option } from "effect"
import { constVoid } from "effect/Function"
import { execFile, spawn } from "node:child_process"

export class SpawnError extends Data.TaggedError("SpawnError")<{ readonly cause: unknown }> {
  override get message() {
    return String(this.cause)
  }
}

/** The OS account that a child process runs as; none means our own. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

export interface Invocation {
  readonly command: string
  readonly args: ReadonlyArray<string>
  readonly account?: Option.Option<Account>
}

export interface Outcome {
  readonly succeeded: boolean
  readonly output: string
}

export interface ServerProcess {
  readonly pid: number
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  readonly gone: Effect.Effect<boolean>
}

/** Runs a command to its end. A command that cannot even be started has not succeeded. */
export const run = ({ account = Option.none(), args, command }: Invocation): Effect.Effect<Outcome> =>
  Effect.async((resume) => {
    try {
      const child = execFile(
        command,
        args,
        { cwd, env, ...Option.getOrUndefined(account) },
        (error, stdout, stderr) =>
          resume(Effect.succeed({
            succeeded: error === null,
            output: `${stdout}${stderr}`.trim() || (error === null ? "" : error.message)
          }))
      )
      child.stdin?.on("error", constVoid).end()
      return Effect.async<void>((done) => {
        child.once("close", () => done(Effect.void))
        child.kill()
      }).pipe(Effect.interruptible, Effect.timeout(patience), Effect.ignore)
    } catch (cause) {
      return resume(Effect.succeed({ succeeded: false, output: String(cause) }))
    }
  })

/** Starts a server in a session of its own, where neither a terminal's Ctrl-C nor our own end reaches it. */
export const detach = (
  { account = Option.none(), args, command, environment, log }: Invocation & {
    readonly environment: Readonly<Record<string, string>>
    readonly log: number
  }
): Effect.Effect<ServerProcess, SpawnError> =>
  Effect.async<ServerProcess, SpawnError>((resume) => {
    try {
      const child = spawn(command, args, {
        cwd,
        detached: true,
        env: { ...env, ...environment },
        stdio: ["ignore", log, log],
        ...Option.getOrUndefined(account)
      })
      child.on("error", (cause) => resume(new SpawnError({ cause })))
      child.once("spawn", () =>
        resume(Effect.succeed({
          pid: child.pid ?? 0,
          signal: (signal) => Effect.sync(() => void child.kill(signal)),
          gone: Effect.sync(() => child.exitCode !== null || child.signalCode !== null)
        })))
      child.unref()
    } catch (cause) {
      resume(new SpawnError({ cause }))
    }
  }).pipe(Effect.uninterruptible)

/** Whether the account really gets there, which mode bits alone do not tell. */
export const enters = (directory: string, account: Option.Option<Account>): Effect.Effect<boolean> =>
  Effect.map(
    run({ command: "/bin/sh", args: ["-c", "test -x \"$1\"", "sh", directory], account }),
    (outcome) => outcome.succeeded
  )

export const lastLines = (path: string): Effect.Effect<string> =>
  Effect.map(run({ command: "tail", args: ["-n", "12", path] }), (outcome) => outcome.output)

// Our own folder may be closed to the account, and our own environment holds secrets that are not PostgreSQL's business.
const cwd = "/"
const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", TZ: "UTC" }

const patience = "5 seconds"
