import { SqlClient } from "@effect/sql"
import { Effect, Layer } from "effect"
import * as Services from "../../../src/layers/Services.ts"
import * as Worker from "../../../src/layers/Worker.ts"
import { ClaimStore } from "../../../src/services/store/ClaimStore.ts"
import { guarded } from "../../../src/services/store/Store.ts"
import { launch, workerOf } from "./Launch.ts"

const leaseless = Layer.effect(
  ClaimStore,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const store = yield* ClaimStore
    return ClaimStore.of({
      ...store,
      claim: (claims) =>
        guarded(sql`
          UPDATE deliveries SET lease_until = now() - interval '1 second'
          WHERE state = 'delivering' AND ${sql.in("id", claims.map((_) => _.deliveryId))}`).pipe(
          Effect.zipRight(store.claim(claims))
        )
    })
  })
)

/** Whoever has a message of a delivery's next attempt claims it, though another worker's lease is alive. */
launch(workerOf(() =>
  Worker.duties.pipe(
    Layer.provide(Services.carriers),
    Layer.provide(leaseless),
    Layer.provide(Services.foundations)
  )
))
