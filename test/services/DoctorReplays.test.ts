// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { doctor, found } from "../support/Examined.ts"
import { FakeWatch } from "../support/FakeWatch.ts"
import { stores } from "../support/Stores.ts"

const ground = doctor().pipe(Layer.provideMerge(FakeWatch.layer), Layer.provideMerge(stores()))

const run = (statement: string) => Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(statement))

const anHourAgo = "now() - interval '1 hour'"

const findings = Effect.map(found, (all) => all.map(([rule, detail]) => `${rule}: ${detail}`))

it.scopedLive("the doctor finds a bulk replay that has stopped on its way although its next slice is due", () =>
  Effect.gen(function*() {
    yield* run(`
      INSERT INTO replays (
        id, destination_ids, reason, actor, status, total, done, skipped, scope, reached, until, next_slice_at
      ) VALUES (
        gen_random_uuid(), '{}', 'a test', 'a test', 'running', 9, 3, 1, '{"kind":"events","filter":{}}',
        gen_random_uuid(), gen_random_uuid(), now()
      )`)
    yield* run("INSERT INTO leaderships VALUES ('sweeper', gen_random_uuid(), now() + interval '1 minute')")
    assert.deepStrictEqual(yield* findings, [])
    yield* run(`UPDATE replays SET updated_at = ${anHourAgo}`)
    assert.deepStrictEqual(yield* findings, [])
    yield* run(`UPDATE replays SET next_slice_at = ${anHourAgo}`)
    const [stuck, ...others] = yield* findings
    assert.include(stuck, "replay-stuck: running, 4 of 9, since")
    assert.deepStrictEqual(others, [])
    yield* run("UPDATE replays SET status = 'cancelled'")
    assert.deepStrictEqual(yield* findings, [])
  }).pipe(Effect.provide(ground)))
