import type { SqlClient, Statement } from "@effect/sql"
import { Either } from "effect"
import { type Check, interval, recentDeliveries, type View } from "./Check.ts"

const ours =
  "Attempts and the state that follows from them are recorded in one statement, so somebody has changed rows " +
  "by hand, or this is a bug."

const look = "GET /api/v1/events/{id} shows the event's deliveries with every attempt."

// Of events within a day, all of whose attempts are still kept.
const counted = (sql: SqlClient.SqlClient, view: View, wanted: Statement.Fragment): Statement.Fragment =>
  sql`
    SELECT * FROM ${recentDeliveries(sql, view)} AS d, LATERAL (
      SELECT count(*) AS attempts,
        count(*) FILTER (WHERE generation = d.generation AND outcome = 'success') AS successes,
        coalesce(max(number) FILTER (WHERE generation = d.generation), 0) AS last
      FROM attempts
      WHERE delivery_id = d.id AND recorded_at > now() - ${interval(sql, view.windows.kept)}
    ) AS made
    WHERE event_received_at > now() - ${interval(sql, view.windows.kept)} AND ${wanted}`

const attemptCount: Check = {
  id: "attempt-count",
  title: "Deliveries whose attempts are miscounted",
  severity: "warning",
  meaning: `The number of attempts that a delivery shows is not the number that is recorded for it. ${ours}`,
  advice: `${look} Nothing is delivered more or less often for it. Please report it if nobody changed rows by hand.`,
  query: (sql, view) =>
    Either.right(sql`
      SELECT id::text AS subject,
        'event ' || event_id || ', counted ' || attempt_count || ', recorded ' || attempts AS detail
      FROM (${counted(sql, view, sql`attempts <> attempt_count`)}) AS d`)
}

const deliveredWithoutSuccess: Check = {
  id: "delivered-without-success",
  title: "Delivered, but not with exactly one success",
  severity: "critical",
  meaning: "These deliveries are marked as delivered, and among the attempts of their generation there is none that " +
    `succeeded, or more than one. ${ours}`,
  advice:
    `${look} Where none succeeded, POST /api/v1/events/{id}/replay with the delivery's destinationId delivers again.`,
  query: (sql, view) =>
    Either.right(sql`
      SELECT id::text AS subject, 'event ' || event_id || ', ' || successes || ' successes' AS detail
      FROM (${counted(sql, view, sql`state = 'delivered' AND successes <> 1`)}) AS d`)
}

const nextAttempt: Check = {
  id: "next-attempt",
  title: "Deliveries whose next attempt is out of step",
  severity: "critical",
  meaning:
    "The next attempt of these deliveries is not the one after the last that is recorded in their generation, so " +
    `messages for them may be taken for stale. ${ours}`,
  advice: `${look} POST /api/v1/events/{id}/replay with the delivery's destinationId begins a new generation.`,
  query: (sql, view) =>
    Either.right(sql`
      SELECT id::text AS subject, 'event ' || event_id || ', next ' || next_attempt || ', last ' || last AS detail
      FROM (${counted(sql, view, sql`next_attempt <> last + 1`)}) AS d`)
}

export const attempts: ReadonlyArray<Check> = [attemptCount, deliveredWithoutSuccess, nextAttempt]
