import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, Schedule, Schema } from "effect"
import { DispatchStore } from "../../../src/services/store/DispatchStore.ts"
import { EventStore } from "../../../src/services/store/EventStore.ts"
import { RecordStore } from "../../../src/services/store/RecordStore.ts"
import * as Claims from "../../support/Claims.ts"
import * as Rows from "../../support/Rows.ts"
import { stores } from "../../support/Stores.ts"

const Prepared = Schema.Array(Schema.Struct({ name: Schema.String, parameters: Schema.Int, generic: Schema.Int }))
const Lines = Schema.Array(Schema.Struct({ "QUERY PLAN": Schema.String }))

// From the sixth time on PostgreSQL may take a plan that it keeps.
const often = Schedule.recurs(6)

layer(stores(), { excludeTestServices: true, timeout: "30 seconds" })("the statements of every webhook", (it) => {
  it.effect("keep plans that follow an index to each row, though they were made when the tables were small", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const events = yield* EventStore
      const to = yield* Rows.destination()
      const webhook = Effect.gen(function*() {
        const [message] = yield* Rows.deliveries(to, 1)
        yield* (yield* DispatchStore).markQueued(message === undefined ? [] : [message])
        const claimed = yield* Effect.flatMap(Claims.claim(message), Claims.work)
        yield* (yield* RecordStore).record([Claims.success(claimed)])
        yield* events.insert([Rows.newEvent([to], { dedupeKey: "same", seen: true })])
      })
      const plans = yield* Effect.gen(function*() {
        yield* Rows.deliveries(to, 5)
        yield* sql`ANALYZE events, event_bodies, deliveries, attempts, destinations, destination_troubles`
        yield* Effect.repeat(webhook, often)
        const prepared = yield* Effect.flatMap(
          sql`
            SELECT name, cardinality(parameter_types) AS parameters, generic_plans::int AS generic
            FROM pg_prepared_statements`,
          Schema.decodeUnknown(Prepared)
        )
        return yield* Effect.forEach(prepared, ({ generic, name, parameters }) => {
          const values = Array.from({ length: parameters }, () => "NULL").join(", ")
          return sql.unsafe(`EXPLAIN EXECUTE ${name} (${values})`).pipe(
            Effect.flatMap(Schema.decodeUnknown(Lines)),
            Effect.map((lines) => ({ generic, lines: lines.map((_) => _["QUERY PLAN"]) }))
          )
        })
      }).pipe(sql.withTransaction)

      assert.strictEqual(plans.length, 5)
      for (const { generic, lines } of plans) {
        assert.isAbove(generic, 0, lines.join("\n"))
        for (const [index, line] of lines.entries()) {
          if (!/(?:Scan|using).* on (?:events|event_bodies|deliveries|attempts)/.test(line)) continue
          assert.match(line, /Index Scan (?:using|on)|Bitmap Heap Scan/, lines.join("\n"))
          assert.match(lines[index + 1] ?? "", /(?:Index|Recheck) Cond/, lines.join("\n"))
        }
      }
    }))
})
