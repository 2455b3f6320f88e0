import type { SqlClient } from "@effect/sql"
import { Console, Effect, Schema } from "effect"

/** Rows that are made in the database, by their numbers. */
export interface Filling {
  readonly sql: SqlClient.SqlClient
  readonly count: number
  /** Tables whose indexes are made anew when the rows are there: that is several times faster. */
  readonly bare: ReadonlyArray<string>
  /** The statements that insert the rows of the numbers from `$1` to `$2`. */
  readonly statements: ReadonlyArray<string>
}

const step = 100_000
// Each webhook reads and writes it anywhere, so a gateway that has filled it row by row has it in memory.
const scattered = "events_dedupe_key"

/** How many rows a table has. */
export const countOf = (sql: SqlClient.SqlClient, table: string): Effect.Effect<number> =>
  sql`SELECT count(*)::float8 AS count FROM ${sql(table)}`.pipe(
    Effect.flatMap(Schema.decodeUnknown(Schema.Tuple(Schema.Struct({ count: Schema.Number })))),
    Effect.map(([{ count }]) => count),
    Effect.orDie
  )

/** Makes the rows step by step, and then what the planner, the visibility map and PostgreSQL's memory know of them. */
export const insert = Effect.fn("Filling.insert")(function*({ bare, count, sql, statements }: Filling) {
  const run = (statement: string, params: ReadonlyArray<number> = []) => Effect.orDie(sql.unsafe(statement, params))
  const indexes = yield* dropped(sql, bare)
  for (let from = 1; from <= count; from += step) {
    const until = Math.min(count, from + step - 1)
    yield* Effect.forEach(statements, (statement) => run(statement, [from, until]), { discard: true })
    if (until % (10 * step) === 0) yield* Console.log(`    ${until} of ${count} rows`)
  }
  yield* Effect.forEach(indexes, (statement) => run(statement), { discard: true })
  yield* run("VACUUM (ANALYZE)")
  yield* run("CREATE EXTENSION IF NOT EXISTS pg_prewarm")
  yield* run(`SELECT pg_prewarm('${scattered}')`)
  yield* run("CHECKPOINT")
})

/** Drops the indexes of some tables; the statements that make them again. */
const dropped = Effect.fnUntraced(function*(sql: SqlClient.SqlClient, tables: ReadonlyArray<string>) {
  const found = yield* sql`
    SELECT
      CASE WHEN c.oid IS NULL THEN format('DROP INDEX %s', indexrelid::regclass)
        ELSE format('ALTER TABLE %s DROP CONSTRAINT %I', indrelid::regclass, conname) END AS "drop",
      CASE WHEN c.oid IS NULL THEN pg_get_indexdef(indexrelid)
        ELSE format('ALTER TABLE %s ADD CONSTRAINT %I %s', indrelid::regclass, conname, pg_get_constraintdef(c.oid))
      END AS "make"
    FROM pg_index LEFT JOIN pg_constraint c ON conindid = indexrelid
    WHERE indrelid = ANY(${tables}::text[]::regclass[])`.pipe(
    Effect.flatMap(Schema.decodeUnknown(Schema.Array(Index))),
    Effect.orDie
  )
  yield* Effect.forEach(found, (index) => Effect.orDie(sql.unsafe(index.drop)), { discard: true })
  return found.map((index) => index.make)
})

const Index = Schema.Struct({ drop: Schema.String, make: Schema.String })

/** SQL of a UUIDv7 that a number `n` always has, of a kind, at a time in milliseconds. */
export const uuid = (kind: string, millis: string): string => {
  const hash = `md5('${kind}' || n)`
  return `(lpad(to_hex(${millis}), 12, '0') || '7' || substr(${hash}, 1, 3) || '8' || substr(${hash}, 4, 15))::uuid`
}

/** SQL of an id as the bench's own webhooks have them (`Ids.make`). */
export const id = (batch: string): string => {
  const name = `'${batch}-' || lpad(n::text, 8, '0')`
  return `(substr(md5(${name}), 1, 8) || '-' || ${name})`
}

const bodyBytes = 1_024
const besideNote = 70

/** SQL of a body of about a kilobyte with that id. */
export const body = (batch: string): string =>
  `convert_to('{"id":"' || ${id(batch)} || '","type":"order.paid","note":"' || repeat('x', ${
    bodyBytes - besideNote
  }) || '"}', 'UTF8')`

/** SQL of a time that is spread over all rows of so many, from `from` to `until` in milliseconds. */
export const time = (from: number, until: number, count: number): string =>
  `(${Math.floor(from)} + n::bigint * ${Math.max(1, Math.floor(until - from))} / ${count})`
