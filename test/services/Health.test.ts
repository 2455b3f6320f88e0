// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, it } from "@effect/vitest"
import { Array, Duration, Effect, Fiber, Layer, Ref } from "effect"
import { readdirSync } from "node:fs"
import { inject } from "vitest"
import * as MemoryCoordination from "../../src/layers/MemoryCoordination.ts"
import { Health, schemaVersion } from "../../src/services/Health.ts"
import { Broker } from "../../src/services/ports/Broker.ts"
import { Settings } from "../../src/services/Settings.ts"
import { FakeBroker } from "../support/FakeBroker.ts"
import * as Grounds from "../support/Grounds.ts"
import { acquireDatabase, clientOf } from "../support/TestDatabase.ts"

const ready = (url: string) =>
  Effect.flatMap(Health, (_) => _.ready).pipe(
    Effect.provide(Health.layer.pipe(
      Layer.provide(Layer.mergeAll(
        FakeBroker.layer,
        MemoryCoordination.layer,
        Layer.succeed(Settings, Grounds.settings()),
        clientOf(url, 1)
      ))
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

it.scopedLive("an API whose database is older than itself is not ready, and says what to run", () =>
  Effect.gen(function*() {
    const url = yield* acquireDatabase(inject("migratedTemplate"))
    const alter = (statement: string) =>
      Effect.provide(Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(statement)), clientOf(url, 1))
    yield* alter(`DELETE FROM schema_migrations WHERE migration_id = ${schemaVersion}`)
    const older = yield* ready(url)
    assert.strictEqual(older.status, "down")
    assert.include(older.error, "run npm run db:migrate")
    // A newer one is no trouble: the version before works on until it is replaced.
    yield* alter(
      `INSERT INTO schema_migrations (migration_id, name) VALUES (${schemaVersion + 1}, 'of_the_next_version')`
    )
    assert.strictEqual((yield* ready(url)).status, "ok")
    // Who knows no table of migrations works all the same.
    yield* alter("ALTER TABLE schema_migrations RENAME TO of_another_name")
    assert.strictEqual((yield* ready(url)).status, "ok")
    yield* alter("DELETE FROM directory_version")
    assert.include((yield* ready(url)).error, "run npm run db:migrate")
  }))

it.scopedLive("a slow server is asked once, however many ask meanwhile whether it answers, and whoever goes away", () =>
  Effect.gen(function*() {
    const asked = yield* Ref.make(0)
    const counting = Layer.effect(
      Broker,
      Effect.map(
        Broker,
        (broker) => ({ ...broker, check: Effect.delay(Ref.update(asked, (_) => _ + 1), "600 millis") })
      )
    )
    const ground = Layer.mergeAll(
      Layer.provide(counting, FakeBroker.layer),
      MemoryCoordination.layer,
      Layer.succeed(Settings, Grounds.settings()),
      clientOf(yield* acquireDatabase(inject("migratedTemplate")), 1)
    )
    const reports = yield* Effect.flatMap(Health, ({ report }) =>
      Effect.gen(function*() {
        const first = yield* Effect.fork(report)
        yield* Effect.sleep("50 millis")
        yield* Fiber.interrupt(first)
        return yield* Effect.forEach(
          Array.range(1, 50),
          (index) => Effect.delay(report, Duration.millis(index * 10)),
          { concurrency: "unbounded" }
        )
      })).pipe(Effect.provide(Layer.provide(Health.layer, ground)))
    assert.isTrue(reports.every((_) => _.status === "ok"))
    assert.strictEqual(yield* Ref.get(asked), 1)
  }))

it("the newest migration is the one that is asked for", () => {
  const numbers = readdirSync(new URL("../../migrations", import.meta.url)).map((name) => Number.parseInt(name, 10))
  assert.strictEqual(Math.max(...numbers), schemaVersion)
})
