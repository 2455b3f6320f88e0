// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { inject } from "vitest"
import { planKept } from "../../src/services/store/Store.ts"
import { clientOf } from "../support/TestDatabase.ts"

const connection = () => clientOf(inject("postgresUrl"), 1)

const prepared = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql<{ runs: number }>`SELECT (generic_plans + custom_plans)::int AS runs FROM pg_prepared_statements`
)

const doubled = (value: number) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) =>
      sql<{ doubled: number }>`${planKept(sql)} SELECT ${value}::int * 2 AS doubled`.pipe(
        Effect.map(([row]) => row?.doubled)
      )
  )

describe("a statement whose plan is to be kept", () => {
  it.live("is prepared once for a connection, and another is not", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`SELECT ${1}::int`
      assert.deepStrictEqual(yield* prepared, [])
      assert.deepStrictEqual(yield* Effect.forEach([1, 2, 3], doubled), [2, 4, 6])
      assert.deepStrictEqual(yield* prepared, [{ runs: 3 }])
      assert.strictEqual(yield* Effect.provide(doubled(4), connection()), 8)
    }).pipe(Effect.provide(connection())))

  it.live("tells its own errors", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const error = yield* Effect.flip(sql`${planKept(sql)} SELECT 1 / ${0}::int`)
      assert.include(String(error.cause), "division by zero")
      assert.strictEqual(yield* doubled(1), 2)
    }).pipe(Effect.provide(connection())))

  it.live("is prepared anew once its columns have other types", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TEMPORARY TABLE changing AS SELECT 1 AS n`
      const look = sql`${planKept(sql)} SELECT n FROM changing WHERE n > ${0}`
      assert.deepStrictEqual(yield* look, [{ n: 1 }])
      yield* sql`ALTER TABLE changing ALTER COLUMN n TYPE text, ADD COLUMN more int`
      yield* sql`ALTER TABLE changing ALTER COLUMN n TYPE double precision USING n::float8 / 2`
      assert.deepStrictEqual([yield* look, yield* look], [[{ n: 0.5 }], [{ n: 0.5 }]])
    }).pipe(Effect.provide(connection())))

  it.live("is carried out without a plan that was kept, once a pooler in between has lent another connection", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* doubled(1)
      yield* sql`DEALLOCATE ALL`
      assert.deepStrictEqual(yield* Effect.forEach([2, 3], doubled), [4, 6])
      assert.deepStrictEqual(yield* prepared, [])
    }).pipe(Effect.provide(connection())))

  it.live("fails its transaction, whose next try succeeds, where that has lent another connection", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* doubled(1)
      yield* sql`DEALLOCATE ALL`
      assert.isTrue(Exit.isFailure(yield* Effect.exit(sql.withTransaction(doubled(2)))))
      assert.strictEqual(yield* sql.withTransaction(doubled(3)), 6)
    }).pipe(Effect.provide(connection())))
})
