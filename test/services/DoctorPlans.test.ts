import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Duration, Effect, Either } from "effect"
import * as Depths from "../../src/domain/doctor/Depths.ts"
import * as Graces from "../../src/services/Graces.ts"
import type { View } from "../../src/services/store/doctor/Check.ts"
import { checks } from "../../src/services/store/doctor/Checks.ts"
import { settings, statement } from "../../src/services/store/DoctorStore.ts"
import * as Grounds from "../support/Grounds.ts"
import * as Plan from "../support/Plan.ts"
import { TestDatabase } from "../support/TestDatabase.ts"

const { queues, ...timing } = Grounds.settings()
const window = 400
const rowsInEach = 40_000

const view: View = {
  graces: Graces.make({ ...timing, queues }, Duration.minutes(5)),
  windows: { recent: window, oldest: window, counted: window, kept: Duration.days(1) },
  depths: Either.right(Depths.make(queues, [])),
  keyIds: Either.right(["test"])
}

/** Many delivered events, and more open, held, failed and unrouted ones than a window has. */
const fill = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const id = (letter: string) => `('00000000-000${letter}-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid`
  const from = `FROM generate_series(1, ${rowsInEach}) AS n`
  const state = "(ARRAY['pending', 'queued', 'retrying', 'held', 'dead', 'delivered'])[least(n % 20, 5) + 1]"
  yield* sql.unsafe(`
    INSERT INTO integrations (id, slug, name, provider) VALUES (${
    id("a").replaceAll("n)", "1)")
  }, 'plan', 'plan', 'hmac')`)
  yield* sql.unsafe(`
    INSERT INTO destinations (id, integration_id, url, signing_envelope, updated_at)
    SELECT ${id("b")}, (SELECT id FROM integrations), '', 'v1.test.x', now() - interval '1 day'
    FROM generate_series(1, 20) AS n`)
  yield* sql.unsafe(`
    INSERT INTO events (id, integration_id, dedupe_key, size, unrouted, received_at)
    SELECT ${id("c")}, (SELECT id FROM integrations), n, 1, n % 10 = 9, now() - n * interval '1 millisecond' ${from}`)
  yield* sql.unsafe(`
    INSERT INTO event_bodies (event_id, received_at, path, query, headers, body)
    SELECT id, received_at, '', '', '{}', repeat('x', 200)::bytea FROM events`)
  yield* sql.unsafe(`
    INSERT INTO deliveries (
      id, event_id, event_received_at, integration_id, destination_id, state, next_attempt, attempt_count,
      due_at, queued_at, held_at, failed_at
    )
    SELECT ${id("d")}, ${id("c")}, now() - n * interval '1 millisecond', (SELECT id FROM integrations),
      ('00000000-000b-7000-8000-' || lpad(to_hex(n % 20 + 1), 12, '0'))::uuid, ${state}, 2, 1,
      CASE WHEN n % 20 IN (0, 1, 2) THEN now() - interval '1 day' END, now() - interval '1 day',
      CASE WHEN n % 20 = 3 THEN now() - interval '1 day' END, CASE WHEN n % 20 = 4 THEN now() END
    ${from}`)
  yield* sql.unsafe(`
    INSERT INTO attempts (delivery_id, generation, number, started_at, duration_ms, outcome)
    SELECT id, 1, 1, now(), 1, CASE state WHEN 'delivered' THEN 'success' ELSE 'failure' END FROM deliveries`)
  yield* sql.unsafe("INSERT INTO sweep_markers VALUES (gen_random_uuid(), now(), now())")
  yield* sql.unsafe("ANALYZE")
})

layer(TestDatabase, { excludeTestServices: true, timeout: "60 seconds" })("the doctor's queries", (it) => {
  it.effect("look at no more of a table that grows than their window, and scan none", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* fill
      const explain = Effect.fnUntraced(function*(check: typeof checks[number]) {
        const query = check.query(sql, view)
        if (Either.isLeft(query)) return yield* Effect.dieMessage(`${check.id} was not asked`)
        const { nodes } = yield* Plan.explain(statement(sql, query.right))
        return { id: check.id, nodes }
      })
      const plans = yield* sql.withTransaction(Effect.zipRight(settings(sql), Effect.forEach(checks, explain)))
      for (const { id, nodes } of plans) {
        for (const node of nodes.filter(Plan.grows)) {
          const relation = node["Relation Name"]
          assert.notStrictEqual(node["Node Type"], "Seq Scan", `${id} scans ${relation}`)
          assert.isAtMost(Plan.read(node), window * 2, `${id} reads ${relation} by ${node["Node Type"]}`)
        }
      }
      assert.strictEqual(plans.length, checks.length)
    }), { timeout: 60_000 })
})
