import * as FileSystem from "@effect/platform/FileSystem"
import { Data, Effect } from "effect"
import { constFalse } from "effect/Function"
import { join } from "node:path"
import type { Cluster } from "./Cluster.ts"
import { EmbeddedPostgresError } from "./EmbeddedPostgresError.ts"
import { detach, run, type ServerProcess } from "./Process.ts"

/** What `postmaster.pid` says, checked against the processes that run. */
export type Postmaster = Data.TaggedEnum<{
  /** `stale` is the pid of a server that is gone, which another process may have by now. */
  Absent: { readonly stale: number }
  /** Starts, or stops. */
  Busy: {}
  Running: { readonly process: ServerProcess; readonly port: number }
}>
export const Postmaster = Data.taggedEnum<Postmaster>()

export const find = Effect.fn("Postmaster.find")(function*({ data }: Cluster) {
  const fs = yield* FileSystem.FileSystem
  const file = yield* Effect.orElseSucceed(fs.readFileString(join(data, "postmaster.pid")), () => "")
  const lines = file.split("\n")
  const pid = Number(lines[pidLine])
  if (!(pid > 0)) return Postmaster.Absent({ stale: 0 })
  if (!(yield* serves(pid, data))) return Postmaster.Absent({ stale: pid })
  if (lines[statusLine]?.trim() !== "ready") return Postmaster.Busy()
  return Postmaster.Running({ port: Number(lines[portLine]), process: yield* processOf(pid, data) })
})

// Counted in PostgreSQL's src/include/utils/pidfile.h, from one.
const pidLine = 0
const portLine = 3
const statusLine = 7

/** Starts a server. That it runs does not mean that it answers, or that no other was faster. */
export const launch = Effect.fn("Postmaster.launch")(
  function*({ account, binaries, data, durable, log }: Cluster, port: number, stale: number) {
    const fs = yield* FileSystem.FileSystem
    const { fd } = yield* fs.open(log, { flag: "a", mode: 0o600 })
    const settings = [...lasting, ...durable ? [] : hasty, `port=${port}`]
    return yield* detach({
      command: binaries.postgres,
      args: ["-D", data, ...settings.flatMap((setting) => ["-c", setting])],
      account,
      // PostgreSQL takes any live process with the pid in a stale file for a server, unless told that it is none. It then
      // still refuses when the old server's shared memory is in use, so nothing can be told away that matters.
      environment: stale > 0 ? { PG_GRANDPARENT_PID: String(stale) } : {},
      log: fd
    })
  },
  Effect.scoped,
  (effect, { binaries }) =>
    Effect.mapError(effect, (cause) =>
      new EmbeddedPostgresError({
        reason: "StartFailed",
        message: `${binaries.postgres} could not be started (${cause.message}). Set DATABASE_URL to another server.`,
        cause
      }))
)

/** Fast shutdown, and when that takes too long an immediate one, from which PostgreSQL recovers at the next start. */
export const stop = Effect.fn("Postmaster.stop")(function*(server: ServerProcess) {
  if (yield* quits(server, "SIGINT", "15 seconds")) return
  yield* Effect.logWarning("PostgreSQL does not shut down and is stopped at once")
  if (yield* quits(server, "SIGQUIT", "7 seconds")) return
  yield* Effect.logWarning(`PostgreSQL (process ${server.pid}) did not stop`)
})

const lasting = [
  "listen_addresses=127.0.0.1",
  "unix_socket_directories=",
  "max_connections=200",
  "shared_buffers=128MB",
  "timezone=UTC",
  "log_timezone=UTC",
  "log_checkpoints=off"
]

const hasty = ["fsync=off", "full_page_writes=off", "synchronous_commit=off"]

const quits = (server: ServerProcess, signal: NodeJS.Signals, patience: "15 seconds" | "7 seconds") =>
  server.gone.pipe(
    Effect.delay("15 millis"),
    Effect.repeat({ until: (gone) => gone }),
    // Before the timeout, which runs this in a fiber of its own: the one that stops us has been interrupted already.
    Effect.interruptible,
    Effect.timeoutTo({ duration: patience, onSuccess: (gone) => gone, onTimeout: constFalse }),
    (gone) => Effect.zipRight(server.signal(signal), gone)
  )

const processOf = Effect.fnUntraced(function*(pid: number, data: string) {
  const context = yield* Effect.context<FileSystem.FileSystem>()
  const server: ServerProcess = {
    pid,
    signal: (signal) => Effect.ignore(Effect.try(() => process.kill(pid, signal))),
    gone: Effect.provide(Effect.map(serves(pid, data), (alive) => !alive), context)
  }
  return server
})

/** Pids are used again, and the dead stay listed until their parent asks: only the command line tells. */
const serves = Effect.fnUntraced(function*(pid: number, data: string) {
  const fs = yield* FileSystem.FileSystem
  const line = process.platform === "linux"
    ? yield* Effect.orElseSucceed(fs.readFileString(`/proc/${pid}/cmdline`), () => "")
    : (yield* run({ command: "ps", args: ["-ww", "-o", "args=", "-p", String(pid)] })).output
  return `${line.replaceAll("\0", " ")} `.includes(` -D ${data} `)
})
