import type { SqlClient, Statement } from "@effect/sql"
import { type DateTime, Option } from "effect"
import { firstIdAt, millisOf } from "./IdTime.ts"

/** The condition that a value makes, where there is one. */
export const given = <A>(
  value: Option.Option<A>,
  condition: (value: A) => Statement.Fragment
): ReadonlyArray<Statement.Fragment> => Option.toArray(Option.map(value, condition))

export interface Bounds {
  readonly from: Option.Option<DateTime.Utc>
  readonly to: Option.Option<DateTime.Utc>
  /** The cursor. */
  readonly before: Option.Option<string>
}

/** A page of a period, by the order of ids: an id begins with the time at which it was made. */
export const within = (
  sql: SqlClient.SqlClient,
  column: string,
  { before, from, to }: Bounds
): ReadonlyArray<Statement.Fragment> => {
  const id = sql(column)
  return [
    ...given(from, (_) => sql`${id} >= ${firstIdAt(millisOf(_))}::uuid`),
    ...given(to, (_) => sql`${id} < ${firstIdAt(millisOf(_))}::uuid`),
    ...given(before, (_) => sql`${id} < ${_}::uuid`)
  ]
}
