import { SqlClient } from "@effect/sql"
import { Context, Effect, Layer, Schema } from "effect"
import { DeliveryId, DestinationId } from "../../domain/Ids.ts"
import type { DeliveryMessage } from "../../domain/QueueMessage.ts"
import { guarded, type StoreError } from "./Store.ts"

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
        -- A claim's token stays until a successor takes it: whoever was cut off may still record what it did.
        SET state = 'queued', queued_at = now(), lease_until = NULL, updated_at = now()
        FROM confirmed
        WHERE d.id = confirmed.id`)
    })
  })
})
