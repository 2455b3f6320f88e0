import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { DestinationStore } from "../../../src/services/store/DestinationStore.ts"
import { RecordStore, type Report } from "../../../src/services/store/RecordStore.ts"
import { claim, report, work } from "../../support/Claims.ts"
import * as Gateway from "../../support/Gateway.ts"
import * as Rows from "../../support/Rows.ts"
import { stores } from "../../support/Stores.ts"

/** A destination, and the reports of so many of its deliveries, which it answered with 410. */
const gone = Effect.fnUntraced(function*(count = 1) {
  const to = yield* Rows.destination()
  const works = yield* Effect.forEach(yield* Rows.deliveries(to, count), (_) => Effect.flatMap(claim(_), work))
  return { to, reports: works.map((_) => report(_, { httpStatus: 410, state: "dead", delayMs: null, gone: true })) }
})

const record = (reports: ReadonlyArray<Report>) => Effect.flatMap(RecordStore, (_) => _.record(reports))

const status = (to: Rows.To) =>
  Effect.map(Effect.flatten(Effect.flatMap(DestinationStore, (_) => _.find(to.id))), (_) => _.status)

layer(stores(), { excludeTestServices: true, timeout: "30 seconds" })("a callback that answers 410 Gone", (it) => {
  it.effect("disables its destination, once", () =>
    Effect.gen(function*() {
      const { reports, to } = yield* gone(3)
      assert.deepStrictEqual(yield* record(reports), [true, true, true])
      assert.strictEqual(yield* status(to), "disabled")
      assert.strictEqual(yield* Gateway.audited("destination.disabled", to.id), 1)
    }))

  it.effect("leaves it as it is where the attempt is not recorded, because a successor has the delivery", () =>
    Effect.gen(function*() {
      const { reports, to } = yield* gone()
      const sql = yield* SqlClient.SqlClient
      yield* sql`UPDATE deliveries SET claim_token = gen_random_uuid() WHERE destination_id = ${to.id}`
      assert.deepStrictEqual(yield* record(reports), [false])
      assert.strictEqual(yield* status(to), "active")
    }))

  it.effect("leaves it as it is where it was given another URL meanwhile", () =>
    Effect.gen(function*() {
      const { reports, to } = yield* gone()
      const sql = yield* SqlClient.SqlClient
      yield* sql`UPDATE destinations SET url = 'http://127.0.0.1:2/other' WHERE id = ${to.id}`
      assert.deepStrictEqual(yield* record(reports), [true])
      assert.strictEqual(yield* status(to), "active")
    }))
})
