import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import { Migrator, SqlClient } from "@effect/sql"
import { Effect, Order } from "effect"

const folder = new URL("../../migrations/", import.meta.url)
const fileName = /^(?<id>\d{4})_(?<name>\w+)\.sql$/

/** Any number will do, as long as every version of Sluice takes the same. */
const lockKey = 714_013_102

/**
 * Brings the database to this version: every numbered SQL file that has not run yet, all in one transaction. Runs that
 * start at the same time follow one another. Returns the names of those that ran.
 */
export const migrate = Effect.fn("migrate")(function*(table: string) {
  const sql = yield* SqlClient.SqlClient
  // The migrator creates its own table before it locks anything, so the lock is taken around the whole of it. It
  // belongs to a session, and goes with it if this process dies.
  const session = yield* sql.reserve
  yield* Effect.acquireRelease(
    session.executeUnprepared(`SELECT pg_advisory_lock(${lockKey})`, [], undefined),
    () => Effect.ignore(session.executeUnprepared(`SELECT pg_advisory_unlock(${lockKey})`, [], undefined))
  )
  const ran = yield* Migrator.make({})({ loader, table })
  return ran.map(([id, name]) => `${String(id).padStart(4, "0")}_${name}`)
}, Effect.scoped)

const loader = Effect.gen(function*() {
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const sql = yield* SqlClient.SqlClient
  const directory = yield* path.fromFileUrl(folder)
  const names = yield* files.readDirectory(directory)
  return names.toSorted(Order.string).flatMap((name): ReadonlyArray<Migrator.ResolvedMigration> => {
    const groups = fileName.exec(name)?.groups
    if (groups === undefined) return []
    const load = Effect.map(files.readFileString(path.join(directory, name)), (text) => sql.unsafe(text))
    return [[Number(groups["id"]), groups["name"] ?? "", load]]
  })
}).pipe(
  Effect.mapError((cause) =>
    new Migrator.MigrationError({
      reason: "import-error",
      message: `The migrations cannot be read from ${folder.pathname}.`,
      cause
    })
  )
)
