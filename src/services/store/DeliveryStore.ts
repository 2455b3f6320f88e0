import { SqlClient } from "@effect/sql"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { DeliveryState } from "../../domain/Delivery.ts"
import { DestinationStatus } from "../../domain/Destination.ts"
import { type DeliveryId, DestinationId, EventId } from "../../domain/Ids.ts"
import { Next } from "./DispatchStore.ts"
import { guarded, rows, type StoreError } from "./Store.ts"

/** A delivery as it was found, and the message to publish where it was brought forward. */
export const BroughtForward = Schema.Struct({
  eventId: EventId,
  destinationId: DestinationId,
  state: DeliveryState,
  /** Null: it is deleted. */
  destination: Schema.NullOr(DestinationStatus),
  message: Schema.OptionFromNullOr(Next)
})
export type BroughtForward = typeof BroughtForward.Type

/** One delivery's row, as operators steer it. */
export class DeliveryStore extends Context.Tag("sluice/services/store/DeliveryStore")<DeliveryStore, {
  /**
   * Makes a delivery that waits for an active destination due now, with the attempt that is its next anyway; an open
   * breaker is to be tried. Any other stays as it is; none when there is no such delivery.
   */
  readonly bringForward: (id: DeliveryId) => Effect.Effect<Option.Option<BroughtForward>, StoreError>
  /**
   * Cancels a delivery that has not ended; the state that it was found in. A claim keeps its token, so that an attempt that
   * is under way is still recorded.
   */
  readonly cancel: (id: DeliveryId) => Effect.Effect<Option.Option<DeliveryState>, StoreError>
}>() {
  static readonly layer = Layer.effect(DeliveryStore, Effect.suspend(() => make))
}

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  return DeliveryStore.of({
    bringForward: Effect.fn("DeliveryStore.bringForward")(function*(id) {
      const [found] = yield* sql`
        WITH found AS (
          SELECT d.id, d.event_id, d.destination_id, d.state,
            CASE WHEN destination.deleted_at IS NULL THEN destination.status END AS destination
          FROM deliveries d
          LEFT JOIN destinations destination ON destination.id = d.destination_id
          WHERE d.id = ${id}
          FOR UPDATE OF d
        ), moved AS (
          UPDATE deliveries d SET state = 'pending', due_at = now(), held_at = NULL, updated_at = now()
          FROM found
          WHERE d.id = found.id AND found.destination = 'active' AND found.state IN ('pending', 'retrying', 'held')
          RETURNING 1 AS v, d.id AS "deliveryId", d.generation, d.next_attempt AS attempt,
            d.destination_id AS "destinationId"
        ), tried AS (
          UPDATE destination_troubles trouble SET probe_at = now()
          FROM moved
          WHERE trouble.destination_id = moved."destinationId" AND opened_at IS NOT NULL AND probe_at > now()
        )
        SELECT event_id AS "eventId", destination_id AS "destinationId", state, destination,
          (SELECT row_to_json(moved) FROM moved) AS message
        FROM found`.pipe(guarded, Effect.flatMap(rows(BroughtForward)))
      return Option.fromNullable(found)
    }),

    cancel: Effect.fn("DeliveryStore.cancel")(function*(id) {
      const [found] = yield* sql`
        WITH found AS (
          SELECT id, state FROM deliveries WHERE id = ${id} FOR UPDATE
        ), cancelled AS (
          UPDATE deliveries d SET
            state = 'cancelled', due_at = NULL, held_at = NULL, failed_at = now(), lease_until = NULL, updated_at = now()
          FROM found
          WHERE d.id = found.id AND found.state NOT IN ('delivered', 'dead', 'cancelled')
        )
        SELECT state FROM found`.pipe(guarded, Effect.flatMap(rows(Schema.Struct({ state: DeliveryState }))))
      return Option.map(Option.fromNullable(found), (_) => _.state)
    })
  })
})
