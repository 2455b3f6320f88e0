import type { Pool } from "pg"
import { v7 } from "uuid"
import type { Source } from "./Sources.ts"

/** A verified webhook. */
export interface Webhook {
  readonly dedupeKey: string
  readonly contentType: string | null
  readonly headers: string
  readonly body: Buffer
}

/** The new event's id and deliveries; a duplicate has none. */
export interface Stored {
  readonly eventId: string
  readonly deliveryIds: ReadonlyArray<string>
}

const insertEvent = {
  name: "insert-event",
  text: `INSERT INTO events (id, source_id, dedupe_key, content_type, headers, body) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT ON CONSTRAINT events_dedupe_key DO NOTHING`
}

const insertDeliveries = {
  name: "insert-deliveries",
  text: `INSERT INTO deliveries (id, event_id, destination_id)
    SELECT delivery.id, $1, delivery.destination_id
    FROM unnest($2::uuid[], $3::uuid[]) AS delivery (id, destination_id)`
}

/** One transaction with two inserts. */
export const store = async (pool: Pool, source: Source, webhook: Webhook): Promise<Stored> => {
  const eventId = v7()
  const deliveryIds = source.destinationIds.map(() => v7())
  const client = await pool.connect()
  try {
    await client.query("BEGIN")
    const { rowCount } = await client.query({
      ...insertEvent,
      values: [eventId, source.id, webhook.dedupeKey, webhook.contentType, webhook.headers, webhook.body]
    })
    if (rowCount === 0) {
      await client.query("ROLLBACK")
      client.release()
      return { eventId, deliveryIds: [] }
    }
    await client.query({ ...insertDeliveries, values: [eventId, deliveryIds, source.destinationIds] })
    await client.query("COMMIT")
    client.release()
    return { eventId, deliveryIds }
  } catch (error) {
    client.release(true)
    throw error
  }
}
