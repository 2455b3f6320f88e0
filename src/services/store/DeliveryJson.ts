import type { SqlClient, Statement } from "@effect/sql"

/** The fields of a delivery, under the name that its table has in the statement. */
const fields = (sql: SqlClient.SqlClient, table: string): Statement.Fragment => {
  const d = sql(table)
  return sql`
    'id', ${d}.id, 'eventId', ${d}.event_id, 'integrationId', ${d}.integration_id, 'destinationId', ${d}.destination_id,
    'destinationUrl', coalesce((SELECT url FROM destinations WHERE id = ${d}.destination_id), ''), 'status', ${d}.state,
    'generation', ${d}.generation, 'attemptCount', ${d}.attempt_count, 'nextAttemptAt', ${d}.due_at,
    'lastError', ${d}.last_error, 'updatedAt', ${d}.updated_at`
}

/** A delivery as JSON. */
export const deliveryJson = (sql: SqlClient.SqlClient, table: string): Statement.Fragment =>
  sql`json_build_object(${fields(sql, table)})`

/** Of all its generations: what many replays have come to is a long story. */
const newest = 100

/** A delivery `d` with its newest attempts as JSON, oldest first. */
export const deliveryDetailJson = (sql: SqlClient.SqlClient): Statement.Fragment =>
  sql`json_build_object(${fields(sql, "d")}, 'attempts', (
    SELECT coalesce(json_agg(json_build_object(
      'number', a.number, 'generation', a.generation, 'startedAt', a.started_at, 'durationMs', a.duration_ms,
      'outcome', a.outcome, 'httpStatus', a.http_status, 'error', a.error, 'responseBody', a.response_body
    ) ORDER BY a.recorded_at), '[]')
    FROM (
      SELECT * FROM attempts
      -- A day's slack for hosts whose clocks disagree with the database's.
      WHERE delivery_id = d.id AND recorded_at >= d.event_received_at - interval '1 day'
      ORDER BY generation DESC, number DESC LIMIT ${newest}
    ) AS a
  ))`
