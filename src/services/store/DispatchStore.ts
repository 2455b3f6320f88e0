import { SqlClient } from "@effect/sql"
import { Context, Effect, Layer, Schema } from "effect"
import { DeliveryId } from "../../domain/Ids.ts"
import type { DeliveryMessage } from "../../domain/QueueMessage.ts"
import { guarded, rows, type StoreError } from "./Store.ts"

/** A delivery's next message, as the row has it. */
export const Next = Schema.Struct({
  v: Schema.Literal(1),
  deliveryId: DeliveryId,
  generation: Schema.Int,
  attempt: Schema.Int
})

/** What the database knows of messages. */
export class DispatchStore extends Context.Tag("sluice/services/store/DispatchStore")<DispatchStore, {
  /** Notes that the broker has confirmed these. Rows that have moved on meanwhile stay as they are. */
  readonly markQueued: (messages: ReadonlyArray<DeliveryMessage>) => Effect.Effect<void, StoreError>
  /**
   * Releases up to `limit` held deliveries of the destinations that are active again, oldest first, and cancels those
   * of deleted ones; the messages to publish for those released.
   */
  readonly release: (limit: number) => Effect.Effect<ReadonlyArray<DeliveryMessage>, StoreError>
}>() {
  static readonly layer = Layer.effect(DispatchStore, Effect.suspend(() => make))
}

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  return DispatchStore.of({
    markQueued: Effect.fn("DispatchStore.markQueued")(function*(messages) {
      yield* guarded(sql`
        WITH confirmed AS (
          SELECT d.id
          FROM unnest(
            ${messages.map((_) => _.deliveryId)}::uuid[], ${messages.map((_) => _.generation)}::int[],
            ${messages.map((_) => _.attempt)}::int[]
          ) AS message (id, generation, attempt)
          JOIN deliveries d
            ON d.id = message.id AND d.generation = message.generation AND d.next_attempt = message.attempt
          WHERE d.state IN ('pending', 'queued', 'retrying') OR d.state = 'delivering' AND d.lease_until < now()
          ORDER BY d.id
          FOR UPDATE OF d
        )
        UPDATE deliveries d
        SET state = 'queued', queued_at = now(), claim_token = NULL, lease_until = NULL, updated_at = now()
        FROM confirmed
        WHERE d.id = confirmed.id`)
    }),

    release: Effect.fn("DispatchStore.release")(function*(limit) {
      yield* guarded(sql`
        UPDATE deliveries SET state = 'cancelled', held_at = NULL, failed_at = now(), updated_at = now()
        WHERE id IN (
          SELECT held.id
          FROM destinations, LATERAL (
            SELECT id FROM deliveries
            WHERE destination_id = destinations.id AND held_at IS NOT NULL
            ORDER BY id LIMIT ${limit}
            FOR UPDATE SKIP LOCKED
          ) AS held
          WHERE destinations.deleted_at IS NOT NULL
          LIMIT ${limit}
        )`)
      return yield* sql`
        UPDATE deliveries SET state = 'pending', held_at = NULL, due_at = now(), updated_at = now()
        WHERE id IN (
          SELECT held.id
          FROM destinations, LATERAL (
            SELECT id FROM deliveries
            WHERE destination_id = destinations.id AND held_at IS NOT NULL
            ORDER BY id LIMIT ${limit}
            FOR UPDATE SKIP LOCKED
          ) AS held
          WHERE destinations.deleted_at IS NULL AND destinations.status = 'active'
          LIMIT ${limit}
        )
        RETURNING 1 AS v, id AS "deliveryId", generation, next_attempt AS attempt`.pipe(
        guarded,
        Effect.flatMap(rows(Next))
      )
    })
  })
})
