// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { inject } from "vitest"
import * as MemoryCoordination from "../../src/layers/MemoryCoordination.ts"
import { Health } from "../../src/services/Health.ts"
import { FakeBroker } from "../support/FakeBroker.ts"
import { acquireDatabase, clientOf } from "../support/TestDatabase.ts"

const ready = (url: string) =>
  Effect.flatMap(Health, (_) => _.ready).pipe(
    Effect.provide(Health.layer.pipe(
      Layer.provide(Layer.mergeAll(FakeBroker.layer, MemoryCoordination.layer, clientOf(url, 1)))
    ))
  )

it.scopedLive("an API whose PostgreSQL only reads is not ready, and says why", () =>
  Effect.gen(function*() {
    const url = yield* acquireDatabase(inject("migratedTemplate"))
    assert.strictEqual((yield* ready(url)).status, "ok")
    yield* Effect.flatMap(SqlClient.SqlClient, (sql) =>
      sql`ALTER DATABASE ${sql(new URL(url).pathname.slice(1))} SET default_transaction_read_only = on`).pipe(
        Effect.provide(clientOf(url, 1))
      )
    const { error, status } = yield* ready(url)
    assert.strictEqual(status, "down")
    assert.include(error, "read-only")
  }))
