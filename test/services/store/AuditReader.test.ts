import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect, Option } from "effect"
import { type AuditQuery, statement } from "../../../src/services/store/AuditReader.ts"
import { TestDatabase } from "../../support/TestDatabase.ts"

const nothing: AuditQuery = {
  subjectType: Option.none(),
  subjectId: Option.none(),
  actor: Option.none(),
  action: Option.none(),
  from: Option.none(),
  to: Option.none(),
  before: Option.none(),
  limit: 51
}

const subject = "00000000-0000-7000-8000-00000000002a"
const noon = DateTime.unsafeMake("2026-03-29T12:00:00Z")

const queries: ReadonlyArray<Partial<AuditQuery>> = [
  {},
  { before: Option.some("019d39b6-0000-7000-8000-000000000000") },
  { subjectType: Option.some("destination") },
  { subjectId: Option.some(subject) },
  { subjectType: Option.some("destination"), subjectId: Option.some(subject) },
  { actor: Option.some("management-key") },
  { actor: Option.some("sluice") },
  { action: Option.some("destination.disabled") },
  { from: Option.some(noon), to: Option.some(DateTime.add(noon, { minutes: 1 })) },
  { actor: Option.some("management-key"), to: Option.some(noon) }
]

layer(TestDatabase, { excludeTestServices: true, timeout: "30 seconds" })("the audit's list", (it) => {
  it.effect("scans nothing, and reads little more than a page, whatever it is filtered by", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      // Twenty thousand entries, three seconds apart, up to noon and a bit.
      yield* sql`
        INSERT INTO audit_entries (id, at, actor, action, subject_type, subject_id, detail)
        SELECT (left(time, 8) || '-' || right(time, 4) || '-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, at,
          CASE WHEN n % 100 = 0 THEN 'sluice' ELSE 'management-key' END,
          CASE WHEN n % 100 = 0 THEN 'destination.disabled' ELSE 'integration.updated' END,
          CASE WHEN n % 100 = 0 THEN 'destination' ELSE 'integration' END,
          ('00000000-0000-7000-8000-' || lpad(to_hex(n % 500), 12, '0'))::uuid, '{}'
        FROM (
          SELECT n, at, lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') AS time
          FROM generate_series(1, 20000) AS n, LATERAL (
            SELECT ${DateTime.toDateUtc(noon)}::timestamptz + (n - 19900) * interval '3 seconds' AS at
          ) AS moment
        ) AS entry`
      yield* sql`ANALYZE audit_entries`
      for (const query of queries) {
        const [text, parameters] = statement(sql, { ...nothing, ...query }).compile()
        const [row] = yield* sql.unsafe(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, parameters)
        const plan = JSON.stringify(row)
        assert.notInclude(plan, "Seq Scan", plan)
        const [read = 0] = [...plan.matchAll(/"Shared (?:Hit|Read) Blocks":(\d+)/g)].map((_) => Number(_[1]))
        assert.isAtMost(read, 200, plan)
      }
    }))
})
