import { SqlClient } from "@effect/sql"
import { Deferred, Effect, Fiber } from "effect"

/** A table that nobody else reads or writes, until it is unlocked or the scope ends. */
export const lock = Effect.fn("LockedTable.lock")(function*(table: string) {
  const sql = yield* SqlClient.SqlClient
  const locked = yield* Deferred.make<void>()
  const free = yield* Deferred.make<void>()
  const holding = yield* sql`LOCK TABLE ${sql(table)} IN ACCESS EXCLUSIVE MODE`.pipe(
    Effect.zipRight(Deferred.succeed(locked, undefined)),
    Effect.zipRight(Deferred.await(free)),
    sql.withTransaction,
    Effect.fork
  )
  const unlock = Effect.zipRight(Deferred.succeed(free, undefined), Effect.orDie(Fiber.join(holding)))
  yield* Effect.addFinalizer(() => unlock)
  yield* Deferred.await(locked)
  return {
    unlock,
    /** How many wait for it. */
    waiting: sql`SELECT FROM pg_locks WHERE NOT granted AND relation = ${table}::regclass`.pipe(
      Effect.map((_) => _.length)
    )
  }
})
