// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, it, layer } from "@effect/vitest"
import { Clock, Effect, Layer } from "effect"
import * as Ids from "../../../src/services/Ids.ts"
import { settings } from "../../../src/services/store/DoctorStore.ts"
import { type Bounds, GaugeStore, statement } from "../../../src/services/store/GaugeStore.ts"
import * as Plan from "../../support/Plan.ts"
import { TestDatabase } from "../../support/TestDatabase.ts"

const on = Layer.provideMerge(GaugeStore.layer, TestDatabase)

interface Row {
  readonly state: string
  readonly received?: number
  readonly due?: number
  readonly replayed?: number
}

/** Deliveries as so many seconds ago. */
const insert = Effect.fnUntraced(function*(rows: ReadonlyArray<Row>) {
  const sql = yield* SqlClient.SqlClient
  const now = yield* Clock.currentTimeMillis
  const id = (ago: number) => Ids.at(now - ago * 1_000)
  for (const { due, received = 0, replayed, state } of rows) {
    yield* sql`
      INSERT INTO deliveries (
        id, event_id, event_received_at, integration_id, destination_id, state, due_at, held_at, replay_id
      ) VALUES (
        ${id(received)}, ${id(received)}, now() - ${received} * interval '1 second', ${id(0)}, ${id(0)}, ${state},
        now() - ${due ?? null}::float8 * interval '1 second', CASE WHEN ${state} = 'held' THEN now() END,
        ${replayed === undefined ? null : id(replayed)}::uuid
      )`
  }
})

const look = Effect.flatMap(GaugeStore, (_) => _.look)

it.scopedLive("what the database holds is nothing at first", () =>
  Effect.gen(function*() {
    assert.deepStrictEqual(yield* look, {
      oldestUndelivered: 0,
      oldestDue: 0,
      deliveries: { pending: 0, queued: 0, delivering: 0, retrying: 0, held: 0 },
      breakersOpen: 0,
      replays: { queued: 0, running: 0 }
    })
  }).pipe(Effect.provide(on)))

it.scopedLive("what the database holds is counted by state, with the age of the oldest and of the most overdue", () =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* insert([
      { state: "pending", received: 10, due: 10 },
      { state: "queued", received: 20, due: 20 },
      { state: "queued", received: 30, due: 1 },
      { state: "delivering", received: 40, due: 5 },
      // A year old, but replayed a moment ago.
      { state: "retrying", received: 31_536_000, due: -60, replayed: 3 },
      { state: "held", received: 5_000 },
      { state: "delivered", received: 9_000 },
      { state: "dead", received: 9_000 }
    ])
    yield* sql`INSERT INTO integrations (id, slug, name, provider) VALUES (gen_random_uuid(), 'gauged', 'g', 'hmac')`
    yield* sql`
      INSERT INTO destinations (id, integration_id, url, signing_envelope, deleted_at)
      SELECT gen_random_uuid(), id, url, 'v1.test.x', CASE WHEN url = 'deleted' THEN now() END
      FROM integrations, unnest(ARRAY['open', 'closed', 'deleted']) AS url`
    yield* sql`
      INSERT INTO destination_troubles (destination_id, failures, opened_at)
      SELECT id, 20, CASE WHEN url <> 'closed' THEN now() END FROM destinations`
    const { breakersOpen, deliveries, oldestDue, oldestUndelivered } = yield* look
    assert.deepStrictEqual(deliveries, { pending: 1, queued: 2, delivering: 1, retrying: 1, held: 1 })
    assert.strictEqual(breakersOpen, 1)
    assert.approximately(oldestUndelivered, 40, 5)
    assert.approximately(oldestDue, 20, 5)
  }).pipe(Effect.provide(on)))

it.scopedLive("what is only due later is not overdue", () =>
  Effect.gen(function*() {
    yield* insert([{ state: "retrying", received: 100, due: -60 }])
    const { oldestDue, oldestUndelivered } = yield* look
    assert.strictEqual(oldestDue, 0)
    assert.approximately(oldestUndelivered, 100, 5)
  }).pipe(Effect.provide(on)))

layer(TestDatabase, { excludeTestServices: true, timeout: "60 seconds" })("the gauges' question", (it) => {
  it.effect("reads no more of a table that grows than its bounds, by an index", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const bounds: Bounds = { deliveries: 200, oldest: 100, replays: 50, destinations: 50 }
      yield* sql`
        INSERT INTO deliveries (
          id, event_id, event_received_at, integration_id, destination_id, state, due_at, held_at
        )
        SELECT gen_random_uuid(), gen_random_uuid(), now(), gen_random_uuid(), gen_random_uuid(),
          (ARRAY['pending', 'queued', 'held', 'delivered'])[n % 4 + 1], CASE WHEN n % 4 < 2 THEN now() END,
          CASE WHEN n % 4 = 2 THEN now() END
        FROM generate_series(1, 20000) AS n`
      yield* sql`
        INSERT INTO replays (id, event_id, destination_ids, reason, actor, total, status)
        SELECT gen_random_uuid(), gen_random_uuid(), '{}', 'test', 'test', 1,
          CASE WHEN n % 10 = 0 THEN 'queued' ELSE 'completed' END
        FROM generate_series(1, 5000) AS n`
      yield* sql.unsafe("ANALYZE")
      const { nodes } = yield* sql.withTransaction(Effect.zipRight(settings(sql), Plan.explain(statement(sql, bounds))))
      const reads = nodes.filter(Plan.grows)
      assert.isAtLeast(reads.length, 5)
      for (const node of reads) {
        assert.notStrictEqual(node["Node Type"], "Seq Scan")
        assert.isAtMost(Plan.read(node), bounds.deliveries)
      }
    }), { timeout: 60_000 })
})
