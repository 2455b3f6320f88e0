import { claimingAfter, launch } from "./Launch.ts"

/** Whoever has a message claims its delivery, whatever the state and the lease say. */
launch(claimingAfter((sql, claims) =>
  sql`
    UPDATE deliveries SET state = 'queued', next_attempt = message.attempt, due_at = now(), held_at = NULL,
      claim_token = NULL, lease_until = NULL
    FROM unnest(
      ${claims.map((_) => _.deliveryId)}::uuid[], ${claims.map((_) => _.attempt)}::int[]
    ) AS message (id, attempt)
    WHERE deliveries.id = message.id`
))
