import { SqlClient } from "@effect/sql"
import { Effect, Layer } from "effect"
import * as Services from "../../../src/layers/Services.ts"
import * as Worker from "../../../src/layers/Worker.ts"
import { ClaimStore } from "../../../src/services/store/ClaimStore.ts"
import { guarded } from "../../../src/services/store/Store.ts"
import { launch, workerOf } from "./Launch.ts"

const fenceless = Layer.effect(
  ClaimStore,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const store = yield* ClaimStore
    return ClaimStore.of({
      ...store,
      claim: (claims) =>
        guarded(sql`
          UPDATE deliveries SET state = 'queued', next_attempt = message.attempt, due_at = now(), held_at = NULL,
            claim_token = NULL, lease_until = NULL
          FROM unnest(
            ${claims.map((_) => _.deliveryId)}::uuid[], ${claims.map((_) => _.attempt)}::int[]
          ) AS message (id, attempt)
          WHERE deliveries.id = message.id`).pipe(Effect.zipRight(store.claim(claims)))
    })
  })
)

/** Whoever has a message claims its delivery, whatever the state and the lease say. */
launch(workerOf(() =>
  Worker.duties.pipe(
    Layer.provide(Services.carriers),
    Layer.provide(fenceless),
    Layer.provide(Services.foundations)
  )
))
