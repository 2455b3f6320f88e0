import type { SqlClient, SqlError, Statement } from "@effect/sql"
import { Array, Effect, Either, type Option, Order, Schema } from "effect"
import { rows, type StoreError, transaction } from "./Store.ts"

/** Rows of a list, the newest first. `reached` is the last one looked at, where the search stopped before the list's end. */
export interface Part<A> {
  readonly found: ReadonlyArray<A>
  readonly reached: Option.Option<string>
}

/**
 * A list out of a table that grows. An index gives candidates in the list's order; what it does not tell is looked for
 * among so many of them and no more, however rare it is.
 */
export interface Search {
  /** `SELECT … FROM … WHERE …` with a column `id`, and with the columns of `leading`. */
  readonly candidates: Statement.Fragment
  /** The index's columns before the id, each held to one value. */
  readonly leading: ReadonlyArray<string>
  /** `SELECT id, value FROM …`, given the candidates as something to select from under the name `candidate`. */
  readonly values: (candidates: Statement.Fragment) => Statement.Fragment
  /** What the index does not tell; none where every candidate is wanted. */
  readonly filters: ReadonlyArray<Statement.Fragment>
  /** How many candidates are looked at for a page. */
  readonly window: number
  readonly limit: number
}

/**
 * Holds an index's leading column to one value. Written as an array, the planner keeps to that index: for a plain
 * comparison it may walk down the ids alone, and pass by everybody else's rows until it comes to those of one who has been
 * silent for long.
 */
export const heldTo = (sql: SqlClient.SqlClient, column: string, type: "uuid" | "text", value: string) =>
  sql`${sql(column)} = ANY(ARRAY[${value}]::${sql.literal(type)}[])`

/** One page as a statement. */
export const statement = (sql: SqlClient.SqlClient, search: Search) => {
  const { candidates, filters, leading, limit, values, window } = search
  const order = (table: string) =>
    sql.literal(`ORDER BY ${[...leading, "id"].map((column) => `${table}${column} DESC`).join(", ")}`)
  const ordered = sql`${candidates} ${order("")}`
  if (filters.length === 0) return sql`${values(sql`(${ordered} LIMIT ${limit})`)}`
  return sql`
    WITH page AS (
      ${values(sql`(${ordered} LIMIT ${window})`)} WHERE ${sql.and(filters)} ${order("candidate.")} LIMIT ${limit}
    )
    SELECT id, value FROM page
    UNION ALL
    SELECT id, NULL FROM (
      SELECT id FROM (${ordered} LIMIT 1 OFFSET ${window - 1}) AS last
    ) AS reached WHERE (SELECT count(*) FROM page) < ${limit}`
}

/**
 * For the transaction: no plan but the walk along an index, which stops as soon as a page is full. The planner's guess, such
 * as that there is little to sort, may be wrong by all that a table holds.
 */
export const settings = (sql: SqlClient.SqlClient) =>
  sql`SELECT set_config(name, 'off', true)
    FROM unnest(ARRAY['enable_seqscan', 'enable_bitmapscan', 'enable_sort', 'jit']) AS name`

/** Runs searches whose values are of the schema, once it is known how each is to be done. */
export const make = <A, I>(sql: SqlClient.SqlClient, schema: Schema.Schema<A, I>) => {
  const decode = rows(Schema.Struct({ id: Schema.String, value: Schema.NullOr(schema) }))
  return (search: Effect.Effect<Search, SqlError.SqlError>): Effect.Effect<Part<A>, StoreError> =>
    transaction(sql, Effect.zipRight(settings(sql), Effect.flatMap(search, (_) => statement(sql, _)))).pipe(
      Effect.flatMap(decode),
      Effect.map((found) => {
        const [reached, values] = Array.partitionMap(
          Array.sort(found, newestFirst),
          ({ id, value }) => value === null ? Either.left(id) : Either.right(value)
        )
        return { found: values, reached: Array.head(reached) }
      })
    )
}

const newestFirst = Order.reverse(Order.mapInput(Order.string, (_: { readonly id: string }) => _.id))
