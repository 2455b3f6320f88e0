import type { SqlClient, Statement } from "@effect/sql"

/** The fields of an event, under the name that its table has in the statement, beside `progress`. */
export const fields = (sql: SqlClient.SqlClient, table: string): Statement.Fragment => {
  const e = sql(table)
  return sql`
    'id', ${e}.id, 'integrationId', ${e}.integration_id,
    'integrationSlug', coalesce((SELECT slug FROM integrations WHERE id = ${e}.integration_id), ''), 'type', ${e}.type,
    'providerEventId', ${e}.provider_event_id, 'dedupeKey', ${e}.dedupe_key, 'duplicates', ${e}.duplicates,
    'status', progress.status, 'contentType', ${e}.content_type, 'size', ${e}.size, 'receivedAt', ${e}.received_at`
}

/** An event as JSON. */
export const eventJson = (sql: SqlClient.SqlClient, table: string): Statement.Fragment =>
  sql`json_build_object(${fields(sql, table)})`

/** What an event's deliveries come to. */
export const progress = (sql: SqlClient.SqlClient, table: string): Statement.Fragment =>
  sql`LATERAL (
    SELECT CASE
      WHEN count(*) = 0 THEN 'unrouted'
      WHEN bool_or(state = 'dead') OR bool_and(state = 'cancelled') THEN 'failed'
      WHEN bool_and(state IN ('delivered', 'cancelled')) THEN 'delivered'
      WHEN bool_or(attempt_count > 0 OR state = 'delivering') THEN 'delivering'
      ELSE 'pending'
    END AS status
    FROM deliveries WHERE event_id = ${sql(table)}.id
  ) AS progress`
