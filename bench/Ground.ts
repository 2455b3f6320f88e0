import { SqlClient } from "@effect/sql"
import { Context, Effect, Layer, type Scope } from "effect"
import * as Database from "../test/faults/Database.ts"
import * as RabbitMqServer from "../test/support/servers/RabbitMqServer.ts"
import * as RedisServer from "../test/support/servers/RedisServer.ts"
import type { ServerUnavailable } from "../test/support/servers/ServerUnavailable.ts"
import * as SystemPostgres from "../test/support/servers/SystemPostgres.ts"

/** The private servers of a run, which all contenders have alike. */
export interface Ground {
  readonly postgres: SystemPostgres.SystemPostgres
  readonly redis: RedisServer.RedisServer
  readonly rabbitMq: RabbitMqServer.RabbitMqServer
  /** The bench's own way to PostgreSQL, in no contender's database. */
  readonly sql: SqlClient.SqlClient
  /** Whether PostgreSQL counts statements. */
  readonly countsStatements: boolean
}

const settings = [
  "shared_buffers=1GB",
  "maintenance_work_mem=512MB",
  "max_wal_size=8GB",
  "wal_compression=lz4",
  "log_line_prefix=%m [%p] %a "
]
const toCount = ["shared_preload_libraries=pg_stat_statements", "pg_stat_statements.max=5000"]

export const start: Effect.Effect<Ground, ServerUnavailable, Scope.Scope> = Effect.gen(function*() {
  const { counting: [postgres, countsStatements], rabbitMq, redis } = yield* Effect.all({
    counting,
    redis: RedisServer.start,
    rabbitMq: RabbitMqServer.start
  }, { concurrency: "unbounded" })
  const sql = yield* client(postgres.url)
  if (countsStatements) yield* Effect.orDie(sql`CREATE EXTENSION pg_stat_statements`)
  return { postgres, redis, rabbitMq, sql, countsStatements }
})

/** A client of a database for the life of the scope. */
export const client = (url: string): Effect.Effect<SqlClient.SqlClient, never, Scope.Scope> =>
  Effect.map(Effect.orDie(Layer.build(Database.client(url))), Context.get(SqlClient.SqlClient))

// The library is part of PostgreSQL, but not of every package of it.
const counting = SystemPostgres.start({ durable: true, settings: [...settings, ...toCount] }).pipe(
  Effect.map((server) => [server, true] as const),
  Effect.catchIf(
    ({ reason }) => reason === "Exited",
    () => Effect.map(SystemPostgres.start({ durable: true, settings }), (server) => [server, false] as const)
  )
)
