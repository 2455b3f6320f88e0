// @effect-diagnostics strictEffectProvide:off
import { NodeContext } from "@effect/platform-node"
import { SqlClient } from "@effect/sql"
import { Effect, Layer, Redacted, Schedule } from "effect"
import { Reason } from "../../src/domain/verification/Refusal.ts"
import * as Migrations from "../../src/layers/Migrations.ts"
import * as Postgres from "../../src/layers/Postgres.ts"
import type { AttemptRow, DeliveryRow, EventRow, RejectionRow } from "./Books.ts"

const connections = 3

/** The harness's own way to the database, past every line. */
export const client = (url: string) =>
  Postgres.layer({ url: Redacted.make(url), applicationName: "faults", maxConnections: connections, unhurried: true })

export const migrate = (url: string) =>
  Effect.orDie(Effect.provide(Migrations.migrate("schema_migrations"), Layer.merge(client(url), NodeContext.layer)))

// Faults may still hurt it.
const patiently = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(
    Effect.sandbox,
    Effect.retry(Schedule.intersect(Schedule.spaced("1 second"), Schedule.recurs(60))),
    Effect.orDie
  )

/** How far deliveries are: any change of it is progress. */
export interface Progress {
  readonly open: number
  readonly ended: number
  readonly attempts: number
}

export const progress = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql<Progress>`
    SELECT count(*) FILTER (WHERE state NOT IN ('delivered', 'dead', 'cancelled'))::int AS open,
      count(*) FILTER (WHERE state IN ('delivered', 'dead', 'cancelled'))::int AS ended,
      coalesce(sum(attempt_count), 0)::int AS attempts
    FROM deliveries`).pipe(
    Effect.map(([row]): Progress => row ?? { open: 0, ended: 0, attempts: 0 }),
    patiently
  )

/** What is still open, by state. */
export const openStates = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) =>
    sql<{ readonly state: string; readonly count: number }>`
    SELECT state, count(*)::int FROM deliveries WHERE state NOT IN ('delivered', 'dead', 'cancelled') GROUP BY state`
)
  .pipe(patiently)

export const events = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql<EventRow>`
    SELECT e.id, i.slug AS integration, e.dedupe_key AS key, e.duplicates::int AS duplicates
    FROM events e JOIN integrations i ON i.id = e.integration_id`).pipe(patiently)

export const rejections = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql<RejectionRow>`
    SELECT i.slug AS integration, r.reason, r.detail
    FROM rejections r JOIN integrations i ON i.id = r.integration_id
    WHERE ${sql.in("r.reason", Reason.literals)} ORDER BY r.received_at`).pipe(patiently)

export const deliveries = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql<DeliveryRow>`
    SELECT d.id, d.event_id AS "eventId", regexp_replace(t.url, '^.*/', '') AS destination, d.state,
      d.attempt_count AS "attemptCount"
    FROM deliveries d JOIN destinations t ON t.id = d.destination_id`).pipe(patiently)

export const attempts = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql<AttemptRow>`
    SELECT delivery_id AS "deliveryId", generation, number, outcome, http_status AS "httpStatus", error,
      (extract(epoch FROM started_at) * 1000)::float8 AS "startedAt",
      (extract(epoch FROM recorded_at) * 1000)::float8 AS "recordedAt"
    FROM attempts`).pipe(patiently)
