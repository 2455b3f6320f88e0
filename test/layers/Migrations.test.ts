// @effect-diagnostics strictEffectProvide:off
import { NodeContext } from "@effect/platform-node"
import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Array, Effect, Exit, Layer, Redacted } from "effect"
import { readdirSync } from "node:fs"
import * as Migrations from "../../src/layers/Migrations.ts"
import * as Postgres from "../../src/layers/Postgres.ts"
import { acquireDatabase } from "../support/TestDatabase.ts"

const files = readdirSync(new URL("../../migrations", import.meta.url))
  .filter((_) => _.endsWith(".sql"))
  .map((_) => _.replace(/\.sql$/, ""))
  .toSorted()

const empty = acquireDatabase("template1")

/** A program of its own, as jobs and roles run the migrations. */
const program = (url: string) =>
  Layer.merge(
    Postgres.layer({ url: Redacted.make(url), applicationName: "sluice-test", maxConnections: 2, unhurried: true }),
    NodeContext.layer
  )

const migrate = (url: string, table = "schema_migrations") =>
  Effect.provide(Migrations.migrate(table), Layer.fresh(program(url)))

const query = <A, E>(url: string, statement: (sql: SqlClient.SqlClient) => Effect.Effect<A, E>) =>
  Effect.provide(Effect.flatMap(SqlClient.SqlClient, statement), Layer.fresh(program(url)))

const recorded = (url: string, table = "schema_migrations") =>
  query(url, (sql) => sql<{ name: string }>`SELECT migration_id AS id, name FROM ${sql(table)} ORDER BY migration_id`)

describe("migrations", () => {
  it.scopedLive("run each once, although five programs start at once on an empty database", () =>
    Effect.gen(function*() {
      const url = yield* empty
      const ran = yield* Effect.all(Array.makeBy(5, () => migrate(url)), { concurrency: "unbounded" })
      // One of them did it all, and the others found it done.
      assert.deepStrictEqual(ran.toSorted((one, other) => other.length - one.length), [files, [], [], [], []])
      assert.strictEqual((yield* recorded(url)).length, files.length)
      const [locks] = yield* query(
        url,
        (sql) =>
          sql<{ held: number }>`
            SELECT COUNT(*)::int AS held FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
            WHERE locktype = 'advisory' AND datname = current_database()`
      )
      assert.strictEqual(locks?.held, 0)
    }))

  it.scopedLive("do nothing at the next start", () =>
    Effect.gen(function*() {
      const url = yield* empty
      yield* migrate(url)
      yield* query(
        url,
        (sql) =>
          sql`INSERT INTO integrations (id, slug, name, provider) VALUES (gen_random_uuid(), 'kept', 'Kept', 'none')`
      )
      const before = yield* recorded(url)
      assert.deepStrictEqual(yield* migrate(url), [])
      assert.deepStrictEqual(yield* recorded(url), before)
      assert.strictEqual((yield* query(url, (sql) => sql`SELECT slug FROM integrations`)).length, 1)
    }))

  it.scopedLive("are recorded in the table that the operator names", () =>
    Effect.gen(function*() {
      const url = yield* empty
      assert.deepStrictEqual(yield* migrate(url, "my_migrations"), files)
      assert.deepStrictEqual((yield* recorded(url, "my_migrations")).map((_) => _.name), files.map((_) => _.slice(5)))
      const tables = yield* query(url, (sql) => sql`SELECT to_regclass('schema_migrations') AS other`)
      assert.deepStrictEqual(tables, [{ other: null }])
      assert.deepStrictEqual(yield* migrate(url, "my_migrations"), [])
    }))

  it.scopedLive("leave nothing behind when one of them fails, and run once it can", () =>
    Effect.gen(function*() {
      const url = yield* empty
      yield* query(url, (sql) => sql`CREATE TABLE event_bodies (something TEXT)`)
      const exits = yield* Effect.all(Array.makeBy(3, () => Effect.exit(migrate(url))), { concurrency: "unbounded" })
      assert.isTrue(exits.every(Exit.isFailure))
      const tables = yield* query(url, (sql) => sql`SELECT to_regclass('integrations') AS first`)
      assert.deepStrictEqual(tables, [{ first: null }])
      yield* query(url, (sql) => sql`DROP TABLE event_bodies`)
      assert.deepStrictEqual(yield* migrate(url), files)
    }))
})
