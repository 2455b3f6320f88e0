import type { SqlClient, Statement } from "@effect/sql"
import { Array, Either, Record } from "effect"
import { type Column, columns, type Expectation, expectations } from "../../../domain/doctor/Expectations.ts"
import { type Check, recentDeliveries } from "./Check.ts"

// Looks at those due longest, at the held, at the newest failed, and at the newest: each by an index.
export const columnsContradictState: Check = {
  id: "columns-contradict-state",
  title: "Deliveries whose columns contradict their state",
  severity: "critical",
  meaning:
    "Each state says which of due_at, queued_at, held_at, failed_at, claim_token and lease_until are set. Nothing " +
    "that Sluice does leaves them otherwise, so somebody has changed rows by hand, or this is a bug. An open delivery " +
    "without due_at is never looked at again.",
  advice:
    "POST /api/v1/events/{id}/replay with the delivery's destinationId puts every column right and delivers again. " +
    "If nobody changed rows by hand, please report it together with the rows.",
  query: (sql, view) =>
    Either.right(sql`
      SELECT id::text AS subject,
        state || ', event ' || event_id || ', destination ' || destination_id || ': ' || problems AS detail
      FROM (
        SELECT DISTINCT ON (id) d.*, ${problems(sql)} AS problems
        FROM (
          (SELECT * FROM deliveries WHERE due_at IS NOT NULL ORDER BY due_at, id LIMIT ${view.windows.oldest})
          UNION ALL
          (SELECT * FROM deliveries WHERE held_at IS NOT NULL ORDER BY destination_id, id LIMIT ${view.windows.oldest})
          UNION ALL
          (SELECT * FROM deliveries WHERE failed_at IS NOT NULL ORDER BY id DESC LIMIT ${view.windows.recent})
          UNION ALL
          ${recentDeliveries(sql, view)}
        ) AS d
        ORDER BY id
      ) AS d
      WHERE problems <> ''`)
}

/** What is wrong with a delivery, as text; empty where nothing is. */
const problems = (sql: SqlClient.SqlClient): Statement.Fragment => {
  const wrong = (column: Column, expectation: Expectation, bad: string, problem: string) =>
    Array.match(Record.keys(Record.filter(expectations, (_) => _[column] === expectation)), {
      onEmpty: () => [],
      onNonEmpty: (states) => [
        sql`CASE WHEN state IN ${sql.in(states)} AND ${
          sql.literal(`${column} ${bad}`)
        } THEN ${`${column} ${problem}`}::text END`
      ]
    })
  const missing = columns.flatMap((column) => wrong(column, "set", "IS NULL", "is missing"))
  const set = columns.flatMap((column) => wrong(column, "none", "IS NOT NULL", "is set"))
  return sql`concat_ws(', ', ${sql.csv([...missing, ...set])})`
}
