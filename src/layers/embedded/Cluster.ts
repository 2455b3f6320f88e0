import * as FileSystem from "@effect/platform/FileSystem"
import { Clock, Duration, Effect, Option, Redacted } from "effect"
import { randomBytes, randomUUID } from "node:crypto"
import { join } from "node:path"
import { directoryUnusable, EmbeddedPostgresError } from "./EmbeddedPostgresError.ts"
import { clusterIn, type Placement } from "./Placement.ts"
import { find, type PostgresBinaries } from "./PostgresBinaries.ts"
import { run } from "./Process.ts"

export const user = "sluice"

/** An initialised cluster and all that is needed to run it. */
export interface Cluster extends Placement {
  readonly binaries: PostgresBinaries
  readonly data: string
  readonly durable: boolean
  readonly log: string
  readonly password: Redacted.Redacted
}

/** The cluster of a placement, initialised on the first start. */
export const open = Effect.fn("Cluster.open")(
  function*({ account, directory }: Placement, durable: boolean) {
    const fs = yield* FileSystem.FileSystem
    const binaries = yield* find({ account, durable })
    const home = clusterIn(directory)
    yield* removeAbandoned(directory)
    yield* Effect.unlessEffect(initialise({ account, binaries, directory, durable }), fs.exists(home))
    const password = Redacted.make((yield* fs.readFileString(join(home, "password"))).trim())
    const cluster: Cluster = {
      account,
      binaries,
      data: join(home, "data"),
      directory,
      durable,
      log: join(directory, "postgres.log"),
      password
    }
    return cluster
  },
  (effect, { directory }) => Effect.mapError(effect, directoryUnusable(directory))
)

const initialise = Effect.fn("Cluster.initialise")(
  function*(
    { account, binaries, directory, durable }: Pick<Cluster, "account" | "binaries" | "directory" | "durable">
  ) {
    const fs = yield* FileSystem.FileSystem
    const home = clusterIn(directory)
    const partial = `${home}.${randomUUID()}${unfinished}`
    const password = join(partial, "password")
    yield* Effect.gen(function*() {
      yield* fs.makeDirectory(partial, { mode: 0o700 })
      yield* fs.writeFileString(password, randomBytes(24).toString("base64url"), { mode: 0o600 })
      if (Option.isSome(account)) {
        const { gid, uid } = account.value
        yield* fs.chown(partial, uid, gid)
        yield* fs.chown(password, uid, gid)
      }
      const { output, succeeded } = yield* run({
        command: binaries.initdb,
        args: [
          `--pgdata=${join(partial, "data")}`,
          `--username=${user}`,
          `--pwfile=${password}`,
          "--auth=scram-sha-256",
          "--encoding=UTF8",
          "--locale=C",
          ...durable ? [] : ["--no-sync"]
        ],
        account
      })
      if (!succeeded) {
        return yield* new EmbeddedPostgresError({
          reason: "InitFailed",
          message: `PostgreSQL could not make its files in ${directory}: ${output.split("\n").slice(-8).join("\n")}`
        })
      }
      // Another start may have finished the same work meanwhile; then its cluster is the one.
      yield* Effect.catchAll(
        fs.rename(partial, home),
        (error) => Effect.unlessEffect(Effect.fail(error), fs.exists(home))
      )
    }).pipe(Effect.ensuring(Effect.ignore(fs.remove(partial, { recursive: true, force: true }))))
  }
)

const unfinished = ".partial"
const longestInitialisation = Duration.minutes(10)

/** What a start that was killed half way has left. */
const removeAbandoned = Effect.fnUntraced(function*(directory: string) {
  const fs = yield* FileSystem.FileSystem
  const now = yield* Clock.currentTimeMillis
  const names = yield* fs.readDirectory(directory)
  yield* Effect.forEach(names.filter((name) => name.endsWith(unfinished)), (name) =>
    Effect.gen(function*() {
      const path = join(directory, name)
      const { mtime } = yield* fs.stat(path)
      const age = Duration.millis(now - Option.getOrElse(mtime, () => new Date(now)).getTime())
      if (Duration.greaterThan(age, longestInitialisation)) yield* fs.remove(path, { recursive: true, force: true })
    }).pipe(Effect.ignore), { discard: true })
})
