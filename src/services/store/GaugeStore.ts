import { SqlClient } from "@effect/sql"
import { Context, Effect, Layer, Schema } from "effect"
import { settings } from "./DoctorStore.ts"
import { rows, type StoreError, transaction } from "./Store.ts"

/** How the work stands in the database. */
export const Standing = Schema.Struct({
  /** Seconds since the receipt, or the replay, of the oldest delivery that is under way; 0 without one. */
  oldestUndelivered: Schema.Number,
  /** For how many seconds the most overdue delivery should have gone on; 0 without one. */
  oldestDue: Schema.Number,
  deliveries: Schema.Struct({
    pending: Schema.Int,
    queued: Schema.Int,
    delivering: Schema.Int,
    retrying: Schema.Int,
    held: Schema.Int
  }),
  breakersOpen: Schema.Int,
  replays: Schema.Struct({ queued: Schema.Int, running: Schema.Int })
})
export type Standing = typeof Standing.Type

/** What gauges show of the database. */
export class GaugeStore extends Context.Tag("sluice/services/store/GaugeStore")<GaugeStore, {
  /** Counts as far as its bounds, and reads no more than that of any table that grows. */
  readonly look: Effect.Effect<Standing, StoreError>
}>() {
  static readonly layer = Layer.effect(GaugeStore, Effect.suspend(() => make))
}

export interface Bounds {
  /** Deliveries that are counted, open and held ones each. */
  readonly deliveries: number
  /** Of the oldest open deliveries: one that is replayed now may come from an event of last year. */
  readonly oldest: number
  readonly replays: number
  readonly destinations: number
}

const bounds: Bounds = { deliveries: 100_000, oldest: 1_000, replays: 1_000, destinations: 10_000 }

const make = Effect.map(SqlClient.SqlClient, (sql) =>
  GaugeStore.of({
    look: transaction(sql, Effect.zipRight(settings(sql), statement(sql, bounds))).pipe(
      Effect.flatMap(rows(Standing)),
      Effect.flatMap(([standing]) =>
        standing === undefined ? Effect.dieMessage("no row came") : Effect.succeed(standing)
      ),
      Effect.withSpan("GaugeStore.look")
    )
  }))

/** The question itself, to be asked under the doctor's settings. */
export const statement = (sql: SqlClient.SqlClient, { deliveries, destinations, oldest, replays }: Bounds) =>
  sql`
    SELECT
      coalesce((
        SELECT greatest(0, extract(epoch FROM now() - min(since))) FROM (
          -- The time of a replay is the beginning of its id.
          SELECT CASE WHEN replay_id IS NULL THEN event_received_at
            ELSE to_timestamp(('x' || left(replace(replay_id::text, '-', ''), 12))::bit(48)::bigint / 1000.0) END AS since
          FROM deliveries WHERE due_at IS NOT NULL ORDER BY id LIMIT ${oldest}
        ) AS undelivered
      ), 0)::float8 AS "oldestUndelivered",
      coalesce((
        SELECT greatest(0, extract(epoch FROM now() - due_at)) FROM deliveries
        WHERE due_at IS NOT NULL ORDER BY due_at, id LIMIT 1
      ), 0)::float8 AS "oldestDue",
      json_build_object(
        'pending', open.pending, 'queued', open.queued, 'delivering', open.delivering, 'retrying', open.retrying,
        'held', (
          SELECT count(*) FROM (SELECT FROM deliveries WHERE held_at IS NOT NULL LIMIT ${deliveries}) AS held
        )
      ) AS deliveries,
      (
        SELECT count(*)::int FROM (
          SELECT FROM (SELECT destination_id, opened_at FROM destination_troubles LIMIT ${destinations}) AS trouble
          WHERE opened_at IS NOT NULL
            AND EXISTS (SELECT FROM destinations WHERE id = trouble.destination_id AND deleted_at IS NULL)
        ) AS broken
      ) AS "breakersOpen",
      json_build_object('queued', waiting.queued, 'running', waiting.running) AS replays
    FROM (
      SELECT count(*) FILTER (WHERE state = 'pending') AS pending, count(*) FILTER (WHERE state = 'queued') AS queued,
        count(*) FILTER (WHERE state = 'delivering') AS delivering,
        count(*) FILTER (WHERE state = 'retrying') AS retrying
      FROM (SELECT state FROM deliveries WHERE due_at IS NOT NULL LIMIT ${deliveries}) AS open
    ) AS open, (
      SELECT count(*) FILTER (WHERE status = 'queued') AS queued, count(*) FILTER (WHERE status = 'running') AS running
      FROM (SELECT status FROM replays WHERE status IN ('queued', 'running') LIMIT ${replays}) AS waiting
    ) AS waiting`
