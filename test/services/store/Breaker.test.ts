import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Duration, Effect, Order } from "effect"
import type { Work } from "../../../src/services/store/ClaimStore.ts"
import { DestinationStore } from "../../../src/services/store/DestinationStore.ts"
import { beforeAll, HoldStore } from "../../../src/services/store/HoldStore.ts"
import { RecordStore, type Report } from "../../../src/services/store/RecordStore.ts"
import { claim, report, success, work } from "../../support/Claims.ts"
import * as Rows from "../../support/Rows.ts"
import { stores } from "../../support/Stores.ts"

const breaker = {
  failures: 3,
  failingFor: Duration.seconds(60),
  probeAfter: Duration.seconds(10),
  probeAtMost: Duration.seconds(40)
}

type To = Effect.Effect.Success<ReturnType<typeof Rows.destination>>

/** Claims and records so many attempts of deliveries of its own. */
const attempts = Effect.fnUntraced(function*(to: To, count: number, how: (work: Work) => Report = report) {
  const works = yield* Effect.forEach(yield* Rows.deliveries(to, count), (_) => Effect.flatMap(claim(_), work))
  yield* (yield* RecordStore).record(works.map((_) => how(_)))
})

const set = (to: To, assignments: string) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql`UPDATE destination_troubles SET ${sql.literal(assignments)} WHERE destination_id = ${to.id}`
  )

const state = (to: To) =>
  Effect.map(Effect.flatten(Effect.flatMap(DestinationStore, (_) => _.find(to.id))), (_) => _.breaker)

/** A destination that has been failing for long enough, and whose breaker has opened. */
const broken = Effect.gen(function*() {
  const to = yield* Rows.destination()
  yield* attempts(to, 3)
  yield* set(to, "failing_since = now() - interval '2 minutes'")
  yield* attempts(to, 1)
  assert.strictEqual(yield* state(to), "open")
  return to
})

const untilProbe = Effect.fnUntraced(function*(to: To) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ seconds: number }>`
    SELECT extract(epoch FROM probe_at - now())::float8 AS seconds FROM destination_troubles WHERE destination_id = ${to.id}`
  return row?.seconds ?? Number.NaN
})

layer(stores({ breaker }), { excludeTestServices: true, timeout: "30 seconds" })("a breaker", (it) => {
  it.effect("opens after so many failures in a row, once they have gone on for long enough", () =>
    Effect.gen(function*() {
      const to = yield* Rows.destination()
      yield* attempts(to, 10)
      assert.strictEqual(yield* state(to), "closed")
      yield* set(to, "failing_since = now() - interval '2 minutes'")
      yield* attempts(to, 1)
      assert.strictEqual(yield* state(to), "open")
      assert.approximately(yield* untilProbe(to), 10, 1)
    }))

  it.effect("stays closed while a success comes between, in the same batch or another", () =>
    Effect.gen(function*() {
      const to = yield* Rows.destination()
      yield* attempts(to, 2)
      yield* set(to, "failing_since = now() - interval '2 minutes'")
      const works = yield* Effect.forEach(yield* Rows.deliveries(to, 4), (_) => Effect.flatMap(claim(_), work))
      yield* (yield* RecordStore).record(works.map((_, index) => index === 2 ? success(_) : report(_)))
      yield* attempts(to, 2)
      assert.strictEqual(yield* state(to), "closed")
    }))

  it.effect("does not count what is not the destination's fault", () =>
    Effect.gen(function*() {
      const to = yield* Rows.destination()
      yield* attempts(to, 3)
      yield* set(to, "failing_since = now() - interval '2 minutes'")
      yield* attempts(to, 1, (work) => report(work, { blamed: false }))
      assert.strictEqual(yield* state(to), "closed")
    }))

  it.effect("holds deliveries while it is open, their attempt not counted", () =>
    Effect.gen(function*() {
      const to = yield* broken
      const [message] = yield* Rows.deliveries(to, 1)
      assert.strictEqual((yield* claim(message))?._tag, "Held")
      assert.deepInclude(yield* Rows.row(message), { state: "held", due: false, attempt_count: 0, next_attempt: 1 })
    }))

  it.effect("lets one delivery through when a probe is due, also where many come at the same time", () =>
    Effect.gen(function*() {
      const to = yield* broken
      yield* set(to, "probe_at = now()")
      const outcomes = yield* Effect.forEach(yield* Rows.deliveries(to, 20), claim, { concurrency: "unbounded" })
      assert.strictEqual(outcomes.filter((_) => _?._tag === "Claimed").length, 1)
      assert.strictEqual(outcomes.filter((_) => _?._tag === "Held").length, 19)
    }))

  it.effect("is tried later and later as its probes fail, up to the longest", () =>
    Effect.gen(function*() {
      const to = yield* broken
      const probe = Effect.gen(function*() {
        yield* set(to, "probe_at = now()")
        yield* attempts(to, 1)
        return yield* untilProbe(to)
      })
      yield* set(to, "opened_at = now() - interval '20 seconds'")
      assert.approximately(yield* probe, 20, 1)
      yield* set(to, "opened_at = now() - interval '1 hour'")
      assert.approximately(yield* probe, 40, 1)
    }))

  it.effect("closes with the first success, and everything that it held is released, oldest first", () =>
    Effect.gen(function*() {
      const { release } = yield* HoldStore
      const to = yield* broken
      const messages = yield* Rows.deliveries(to, 3)
      const held = messages.toSorted(Order.mapInput(Order.string, (_) => _.deliveryId))
      yield* Effect.forEach(held, claim)
      const ours = Effect.map(
        release(beforeAll, 2, 100),
        (released) => released.filter((_) => _.destinationId === to.id).map((_) => _.deliveryId)
      )
      assert.deepStrictEqual(yield* ours, [])
      yield* set(to, "probe_at = now()")
      const [probe] = yield* ours
      assert.strictEqual(probe, held[0]?.deliveryId)
      yield* (yield* RecordStore).record([success(yield* Effect.flatMap(claim(held[0]), work))])
      assert.strictEqual(yield* state(to), "closed")
      assert.deepStrictEqual((yield* ours).toSorted(), held.slice(1).map((_) => _.deliveryId))
    }))

  it.effect("is settled without deadlocks when batches record the same destinations in different orders", () =>
    Effect.gen(function*() {
      const destinations = yield* Effect.forEach(Array.from({ length: 6 }), () => Rows.destination())
      const batches = yield* Effect.forEach(
        [destinations, destinations.toReversed(), destinations],
        (order) =>
          Effect.forEach(
            order,
            (to) => Effect.flatMap(Rows.deliveries(to, 1), ([message]) => Effect.flatMap(claim(message), work))
          )
      )
      const { record } = yield* RecordStore
      const outcomes = yield* Effect.forEach(
        batches,
        (works, index) => record(works.map(index === 1 ? success : (_) => report(_))),
        {
          concurrency: "unbounded"
        }
      )
      assert.isTrue(outcomes.flat().every((_) => _))
    }))
})
