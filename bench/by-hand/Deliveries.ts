import type { Pool } from "pg"

/** Everything that one attempt needs. */
export interface Delivery {
  readonly id: string
  readonly eventId: string
  readonly state: string
  readonly attempts: number
  readonly url: string
  readonly secret: string
  readonly contentType: string | null
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export interface Outcome {
  readonly status: number | null
  readonly error: string | null
  readonly durationMs: number
  readonly state: "delivered" | "retrying" | "dead"
}

const select = {
  name: "select-delivery",
  text: `SELECT deliveries.id, event_id AS "eventId", state, attempts, url, secret,
      content_type AS "contentType", headers, body
    FROM deliveries
    JOIN events ON events.id = event_id
    JOIN destinations ON destinations.id = destination_id
    WHERE deliveries.id = $1`
}

export const load = async (pool: Pool, id: string): Promise<Delivery | undefined> => {
  const { rows: [found] } = await pool.query<Delivery>({ ...select, values: [id] })
  return found
}

// Both in one statement, which is one commit.
const settle = {
  name: "settle-delivery",
  text: `WITH moved AS (
      UPDATE deliveries SET state = $2, attempts = $3, updated_at = now() WHERE id = $1
    )
    INSERT INTO attempts (delivery_id, number, status, error, duration_ms) VALUES ($1, $3, $4, $5, $6)`
}

export const record = async (pool: Pool, { attempts, id }: Delivery, outcome: Outcome): Promise<void> => {
  await pool.query({
    ...settle,
    values: [id, outcome.state, attempts + 1, outcome.status, outcome.error, outcome.durationMs]
  })
}
