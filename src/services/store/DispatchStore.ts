import { SqlClient } from "@effect/sql"
import { Context, Effect, Layer, Schema } from "effect"
import { DeliveryId, DestinationId } from "../../domain/Ids.ts"
import type { DeliveryMessage } from "../../domain/QueueMessage.ts"
import { guarded, planKept, type StoreError } from "./Store.ts"

/** A delivery's next message, as the row has it. */
export const Next = Schema.Struct({
  v: Schema.Literal(1),
  deliveryId: DeliveryId,
  generation: Schema.Int,
  attempt: Schema.Int,
  destinationId: DestinationId
})

/** What the database knows of messages. */
export class DispatchStore extends Context.Tag("sluice/services/store/DispatchStore")<DispatchStore, {
  /** Notes that the broker has confirmed these. Rows that have moved on meanwhile stay as they are. */
  readonly markQueued: (messages: ReadonlyArray<DeliveryMessage>) => Effect.Effect<void, StoreError>
}>() {
  static readonly layer = Layer.effect(DispatchStore, Effect.suspend(() => make))
}

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  return DispatchStore.of({
    markQueued: Effect.fnUntraced(function*(messages) {
      yield* guarded(sql`${planKept(sql)}
        WITH message AS (
          SELECT * FROM unnest(
            (SELECT ${messages.map((_) => _.deliveryId)}::uuid[]), ${messages.map((_) => _.generation)}::int[],
            ${messages.map((_) => _.attempt)}::int[]
          ) AS message (id, generation, attempt)
        ), confirmed AS (
          SELECT d.id
          FROM (SELECT * FROM message ORDER BY id) AS message CROSS JOIN LATERAL (
            SELECT id FROM deliveries
            WHERE id = message.id AND generation = message.generation AND next_attempt = message.attempt
              AND (state IN ('pending', 'queued', 'retrying') OR state = 'delivering' AND lease_until < now())
            LIMIT 1
            FOR UPDATE
          ) AS d
        )
        UPDATE deliveries
        -- A claim's token stays until a successor takes it: whoever was cut off may still record what it did.
        SET state = 'queued', queued_at = now(), lease_until = NULL, updated_at = now()
        WHERE id = ANY(ARRAY(SELECT id FROM confirmed))`)
    })
  })
})
