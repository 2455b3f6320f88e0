import { SqlClient, type Statement } from "@effect/sql"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { Delivery, DeliveryDetail, type DeliveryState } from "../../domain/Delivery.ts"
import type { DeliveryId, DestinationId, IntegrationId } from "../../domain/Ids.ts"
import { guarded, rows, type StoreError } from "./Store.ts"

export interface DeliveryQuery {
  readonly status: Option.Option<DeliveryState>
  readonly integrationId: Option.Option<IntegrationId>
  readonly destinationId: Option.Option<DestinationId>
  readonly before: Option.Option<string>
  readonly limit: number
}

/** Deliveries, as operators see them. */
export class DeliveryReader extends Context.Tag("sluice/services/store/DeliveryReader")<DeliveryReader, {
  /** Newest first, those before the cursor. */
  readonly list: (query: DeliveryQuery) => Effect.Effect<ReadonlyArray<Delivery>, StoreError>
  readonly find: (id: DeliveryId) => Effect.Effect<Option.Option<DeliveryDetail>, StoreError>
}>() {
  static readonly layer = Layer.effect(DeliveryReader, Effect.suspend(() => make))
}

/** The fields of a delivery `d`, within the JSON object that it is. */
export const deliveryFields = (sql: SqlClient.SqlClient): Statement.Fragment =>
  sql`
    'id', d.id, 'eventId', d.event_id, 'integrationId', d.integration_id, 'destinationId', d.destination_id,
    'destinationUrl', coalesce((SELECT url FROM destinations WHERE id = d.destination_id), ''), 'status', d.state,
    'generation', d.generation, 'attemptCount', d.attempt_count, 'nextAttemptAt', d.due_at, 'lastError', d.last_error,
    'updatedAt', d.updated_at`

/** A delivery `d` with its attempts as JSON, oldest first. */
export const deliveryDetailJson = (sql: SqlClient.SqlClient): Statement.Fragment =>
  sql`json_build_object(${deliveryFields(sql)}, 'attempts', (
    SELECT coalesce(json_agg(json_build_object(
      'number', a.number, 'generation', a.generation, 'startedAt', a.started_at, 'durationMs', a.duration_ms,
      'outcome', a.outcome, 'httpStatus', a.http_status, 'error', a.error, 'responseBody', a.response_body
    ) ORDER BY a.recorded_at), '[]')
    FROM attempts a
    -- A day's slack for hosts whose clocks disagree with the database's.
    WHERE a.delivery_id = d.id AND a.recorded_at >= d.event_received_at - interval '1 day'
  ))`

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  // Each state is a small set with an index of its own, but for `delivered`, which most deliveries are.
  const inState = (state: DeliveryState): Statement.Fragment => {
    switch (state) {
      case "dead":
      case "cancelled":
        return sql`d.failed_at IS NOT NULL AND d.state = ${state}`
      case "held":
        return sql`d.held_at IS NOT NULL`
      case "delivered":
        return sql`d.state = ${state}`
      default:
        return sql`d.due_at IS NOT NULL AND d.state = ${state}`
    }
  }

  return DeliveryReader.of({
    list: Effect.fn("DeliveryReader.list")(function*({ before, destinationId, integrationId, limit, status }) {
      const conditions = [
        ...Option.toArray(Option.map(status, inState)),
        ...Option.toArray(Option.map(integrationId, (_) => sql`d.integration_id = ${_}`)),
        ...Option.toArray(Option.map(destinationId, (_) => sql`d.destination_id = ${_}`)),
        ...Option.toArray(Option.map(before, (_) => sql`d.id < ${_}`))
      ]
      const found = yield* sql`
        SELECT json_build_object(${deliveryFields(sql)}) AS value FROM deliveries d
        WHERE ${sql.and(conditions)} ORDER BY d.id DESC LIMIT ${limit}`.pipe(
        guarded,
        Effect.flatMap(rows(Schema.Struct({ value: Delivery })))
      )
      return found.map((_) => _.value)
    }),

    find: Effect.fn("DeliveryReader.find")(function*(id) {
      const [found] = yield* sql`SELECT ${deliveryDetailJson(sql)} AS value FROM deliveries d WHERE d.id = ${id}`.pipe(
        guarded,
        Effect.flatMap(rows(Schema.Struct({ value: DeliveryDetail })))
      )
      return Option.map(Option.fromNullable(found), (_) => _.value)
    })
  })
})
