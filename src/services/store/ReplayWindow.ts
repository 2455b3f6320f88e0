import type { SqlClient, Statement } from "@effect/sql"
import { type DateTime, Duration, Effect, Option, Schema } from "effect"
import { firstIdAt, millisOf } from "./IdTime.ts"
import { guarded, indexed, rows, type StoreError } from "./Store.ts"

/** Comes before every id. */
export const beforeAll = "00000000-0000-0000-0000-000000000000"

/** The ids that a bulk replay goes through: beyond the first, up to and with the last. */
export interface Span {
  readonly after: string
  readonly until: string
}

/** What is counted for a bulk replay: how many match now, and the span that they are in. */
export interface Counted extends Span {
  readonly total: number
}

export interface Period {
  readonly from: Option.Option<DateTime.Utc>
  readonly to: Option.Option<DateTime.Utc>
}

/** A bounded step through a span. */
export interface Window extends Span {
  /** How many rows may be looked at, and how many of those may be taken. */
  readonly look: number
  readonly take: number
}

/** What a step found. */
export interface Stretch<A> {
  readonly taken: ReadonlyArray<A>
  /** The id behind which the next step goes on. */
  readonly reached: string
  /** Whether nothing lies beyond. */
  readonly end: boolean
}

// Longer than a count of millions takes, shorter than anybody waits for an answer.
const countWithin = Duration.seconds(5)

/** A count by indexes, with a time limit of its own. */
export const counted = (sql: SqlClient.SqlClient, statement: Statement.Fragment, within = countWithin) =>
  indexed(
    sql,
    Effect.zipRight(
      sql`SELECT set_config('statement_timeout', ${String(Duration.toMillis(within))}, true)`,
      sql`${statement}`.pipe(guarded, Effect.flatMap(rows(Count)))
    )
  ).pipe(Effect.map(([row]) => row?.count ?? 0))

const Count = Schema.Struct({ count: Schema.Int })

/**
 * The span of a period among the rows of a table that are there now, by the newest of them: an id begins with the time at
 * which it was made, but nobody's clock has to be right for this.
 */
export const spanOf = (
  sql: SqlClient.SqlClient,
  table: "events" | "deliveries",
  { from, to }: Period
): Effect.Effect<Span, StoreError> =>
  sql`SELECT id FROM ${sql(table)} ORDER BY id DESC LIMIT 1`.pipe(
    guarded,
    Effect.flatMap(rows(Schema.Struct({ id: Schema.String }))),
    Effect.map(([newest]) => {
      const until = newest?.id ?? beforeAll
      const end = Option.match(to, { onNone: () => until, onSome: (_) => firstIdAt(millisOf(_)) })
      return {
        after: Option.match(from, { onNone: () => beforeAll, onSome: (_) => firstIdAt(millisOf(_)) }),
        until: end < until ? end : until
      }
    })
  )

/**
 * The ids of a span in rows `alias`, by one index: a comparison of rows can be answered by no other. A column that is given
 * has one value throughout.
 */
export const within = (
  sql: SqlClient.SqlClient,
  { after, until }: Span,
  column: Option.Option<{ readonly name: string; readonly value: Statement.Fragment }>,
  alias: string
): { readonly condition: Statement.Fragment; readonly order: Statement.Fragment } => {
  const id = sql.literal(`${alias}.id`)
  return Option.match(column, {
    onNone: () => ({ condition: sql`${id} > ${after}::uuid AND ${id} <= ${until}::uuid`, order: sql`${id}` }),
    onSome: ({ name, value }) => {
      const keys = sql`${sql.literal(`${alias}.${name}`)}, ${id}`
      return {
        condition: sql`(${keys}) > (${value}, ${after}::uuid) AND (${keys}) <= (${value}, ${until}::uuid)`,
        order: keys
      }
    }
  })
}

/** Where a step has come to, by what it looked at and what of it matches, both in order. */
export const stretch = <A extends { readonly id: string }>(
  { after, look, take }: Window,
  { found, last, looked }: { readonly found: ReadonlyArray<A>; readonly looked: number; readonly last: string | null }
): Stretch<A> => {
  const full = found.length === take
  const reached = full ? found.at(-1)?.id : last
  return { taken: found, reached: reached ?? after, end: !full && looked < look }
}
