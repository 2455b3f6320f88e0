import { SqlClient, type SqlError } from "@effect/sql"
import { Effect, Layer } from "effect"
import * as Api from "../../../src/layers/Api.ts"
import * as Main from "../../../src/layers/Main.ts"
import * as Role from "../../../src/layers/Role.ts"
import * as Services from "../../../src/layers/Services.ts"
import * as Worker from "../../../src/layers/Worker.ts"
import { type Claim, ClaimStore } from "../../../src/services/store/ClaimStore.ts"
import { guarded } from "../../../src/services/store/Store.ts"

const connections = 10

/** A worker role of other programs than the real one's. */
export const workerOf = <A, E, R extends Role.Ground>(program: (given: Role.Given) => Layer.Layer<A, E, R>) =>
  Role.make({ name: "sluice-worker", connections }, (given) => Layer.provide(Worker.started, program(given)))

/** A worker that does something to the rows of what it is about to claim, which keeps the real claim from seeing them as they are. */
export const claimingAfter = (
  meddle: (
    sql: SqlClient.SqlClient,
    claims: ReadonlyArray<Claim>
  ) => Effect.Effect<unknown, SqlError.SqlError>
) => {
  const meddling = Layer.effect(
    ClaimStore,
    Effect.map(Effect.all([ClaimStore, SqlClient.SqlClient]), ([store, sql]) =>
      ClaimStore.of({
        ...store,
        claim: (claims) => Effect.zipRight(guarded(meddle(sql, claims)), store.claim(claims))
      }))
  )
  return workerOf(() =>
    Worker.duties.pipe(
      Layer.provide(Services.carriers),
      Layer.provide(meddling),
      Layer.provide(Services.foundations)
    )
  )
}

/** Runs the role that the command line names; the API is the real one unless told. */
export const launch = <E>(worker: Layer.Layer<never, E>, api = () => Main.launch(Api.layer)): void =>
  process.argv[2] === "api" ? api() : Main.launch(worker)
