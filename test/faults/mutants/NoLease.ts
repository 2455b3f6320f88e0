import { claimingAfter, launch } from "./Launch.ts"

/** Whoever has a message of a delivery's next attempt claims it, though another worker's lease is alive. */
launch(claimingAfter((sql, claims) =>
  sql`
    UPDATE deliveries SET lease_until = now() - interval '1 second'
    WHERE state = 'delivering' AND ${sql.in("id", claims.map((_) => _.deliveryId))}`
))
