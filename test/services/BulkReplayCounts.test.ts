// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, it } from "@effect/vitest"
import { Duration, Effect, Layer } from "effect"
import { Audit } from "../../src/services/Audit.ts"
import { BulkReplays } from "../../src/services/BulkReplays.ts"
import { Dispatch } from "../../src/services/Dispatch.ts"
import { Replays } from "../../src/services/Replays.ts"
import { BulkReplayStore } from "../../src/services/store/BulkReplayStore.ts"
import { DeadLetterReader } from "../../src/services/store/DeadLetterReader.ts"
import { ReplayEventReader } from "../../src/services/store/ReplayEventReader.ts"
import { counted } from "../../src/services/store/ReplayWindow.ts"
import { isOverTime, StoreError } from "../../src/services/store/Store.ts"
import * as Bulk from "../support/Bulk.ts"
import * as Grounds from "../support/Grounds.ts"
import { TestDatabase } from "../support/TestDatabase.ts"

it.scopedLive("a count that takes too long is ended, and what comes after it may take its time", () =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const settings = sql<{ readonly name: string; readonly setting: string }>`
      SELECT name, setting FROM pg_settings WHERE name LIKE 'enable_%' OR name IN ('jit', 'statement_timeout')`
    const before = yield* settings
    const slow = sql`SELECT 1 AS count FROM pg_sleep(20)`
    const error = yield* Effect.flip(counted(sql, slow, Duration.millis(50)))
    assert.isTrue(isOverTime(error))
    assert.deepStrictEqual(yield* settings, before)
    assert.strictEqual(yield* counted(sql, sql`SELECT 7 AS count`), 7)
  }).pipe(Effect.provide(TestDatabase)))

const slow = BulkReplays.layer.pipe(
  Layer.provide([
    Layer.mock(ReplayEventReader, {
      count: () => new StoreError({ reason: "Unavailable", cause: { code: "57014" } })
    }),
    Layer.mock(Audit, {}),
    Grounds.twins(Grounds.settings()),
    Layer.mock(BulkReplayStore, {}),
    Layer.mock(DeadLetterReader, {}),
    Layer.mock(Dispatch, {}),
    Layer.mock(Replays, {}),
    TestDatabase
  ])
)

it.scopedLive("a replay of more than can be counted in time is asked to be narrowed", () =>
  Effect.gen(function*() {
    const bulk = yield* BulkReplays
    const error = yield* Effect.flip(bulk.count(Bulk.events()))
    assert.deepInclude<object>(error, { _tag: "Invalid" })
    assert.include(error.message, "filter: matches too many to be counted in time; narrow it")
  }).pipe(Effect.provide(slow)))
