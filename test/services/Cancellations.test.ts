import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Cancellations } from "../../src/services/Cancellations.ts"
import { Releases } from "../../src/services/Releases.ts"
import { WaitingStore } from "../../src/services/store/WaitingStore.ts"
import { claim } from "../support/Claims.ts"
import * as Rows from "../support/Rows.ts"
import { stores } from "../support/Stores.ts"

const each = 5_000

const states = {
  pending: "",
  queued: ", queued_at = now()",
  retrying: ", due_at = now() + interval '6 hours', attempt_count = 1",
  held: ", due_at = NULL, held_at = now()"
}

/** So many deliveries of a destination in each state in which they wait. */
const waiting = Effect.fnUntraced(function*(to: Rows.To, count: number) {
  const sql = yield* SqlClient.SqlClient
  for (const [state, more] of Object.entries(states)) {
    yield* sql`
      INSERT INTO deliveries (id, event_id, event_received_at, integration_id, destination_id, state, due_at)
      SELECT gen_random_uuid(), gen_random_uuid(), now(), ${to.integrationId}, ${to.id}, 'pending', now()
      FROM generate_series(1, ${count}::int)`
    yield* sql`
      UPDATE deliveries SET state = ${state} ${sql.literal(more)}
      WHERE destination_id = ${to.id} AND state = 'pending' AND updated_at = (
        SELECT max(updated_at) FROM deliveries WHERE destination_id = ${to.id}
      )`
  }
})

const counts = Effect.fnUntraced(function*({ id }: Rows.To) {
  const sql = yield* SqlClient.SqlClient
  const found = yield* sql<{ readonly state: string; readonly count: number }>`
    SELECT state, count(*)::int FROM deliveries WHERE destination_id = ${id} GROUP BY state`
  return Object.fromEntries(found.map((_) => [_.state, _.count]))
})

layer(stores(), { excludeTestServices: true, timeout: "60 seconds" })("what waits for a destination", (it) => {
  it.effect(
    "that is deleted is cancelled in every state, a bounded number at a time, and nothing else is",
    () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const [deleted, other] = [yield* Rows.destination(), yield* Rows.destination()]
        yield* waiting(deleted, each)
        yield* waiting(other, 50)
        const [inFlight] = yield* Rows.deliveries(deleted, 1)
        yield* claim(inFlight)
        const { proceed } = yield* Cancellations
        const { begin } = yield* Releases
        yield* proceed
        assert.deepStrictEqual(yield* counts(deleted), {
          delivering: 1,
          ...Object.fromEntries(Object.keys(states).map((state) => [state, each]))
        })

        yield* sql`UPDATE destinations SET deleted_at = now() WHERE id = ${deleted.id}`
        yield* begin
        assert.strictEqual((yield* counts(deleted))["cancelled"], 2_000)
        yield* proceed
        yield* Effect.replicateEffect(begin, 2)
        assert.deepStrictEqual(yield* counts(deleted), { delivering: 1, cancelled: each * 4 })
        const { cancelled, ...untouched } = yield* counts(other)
        assert.isUndefined(cancelled)
        assert.strictEqual(Object.values(untouched).reduce((sum, count) => sum + count, 0), 200)

        // One that is there when the walk is over is cancelled when its turn comes.
        const [late] = yield* Rows.deliveries(deleted, 1)
        yield* proceed
        assert.strictEqual((yield* claim(late))?._tag, "Cancelled")
      }),
    60_000
  )

  it.effect("is counted up to a limit, without what is under way", () =>
    Effect.gen(function*() {
      const { count } = yield* WaitingStore
      const [few, many] = [yield* Rows.destination(), yield* Rows.destination()]
      assert.deepStrictEqual(yield* count([few.id]), { deliveries: 0, atLeast: false })
      yield* waiting(few, 3)
      const [inFlight] = yield* Rows.deliveries(few, 1)
      yield* claim(inFlight)
      assert.deepStrictEqual(yield* count([few.id]), { deliveries: 12, atLeast: false })
      assert.deepStrictEqual(yield* count([]), { deliveries: 0, atLeast: false })
      yield* waiting(many, 4_000)
      const { atLeast, deliveries } = yield* count([few.id, many.id])
      assert.isTrue(atLeast)
      assert.isAtLeast(deliveries, 10_000)
    }), 60_000)
})
