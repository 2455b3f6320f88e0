import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { DestinationStore } from "../../../src/services/store/DestinationStore.ts"
import { claim, work } from "../../support/Claims.ts"
import * as Rows from "../../support/Rows.ts"
import { stores } from "../../support/Stores.ts"

/** A destination in the midst of a rotation, and what its row and its claims hold. */
const rotating = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const to = yield* Rows.destination()
  yield* sql`UPDATE destinations SET signing_envelope = 'old' WHERE id = ${to.id}`
  yield* (yield* DestinationStore).rotate(to.id, "new", Duration.minutes(1))
  const columns = Effect.map(
    sql<{ readonly now: string; readonly next: string | null }>`
      SELECT signing_envelope AS now, next_signing_envelope AS next FROM destinations WHERE id = ${to.id}`,
    ([row]) => row
  )
  const claimed = Effect.gen(function*() {
    const [message] = yield* Rows.deliveries(to, 1)
    const { nextSigningEnvelope, signingEnvelope } = yield* work(yield* claim(message))
    return [signingEnvelope, nextSigningEnvelope]
  })
  const over = sql`
    UPDATE destinations SET signing_overlap_until = now() - interval '1 second'
    WHERE id = ${to.id} AND signing_overlap_until IS NOT NULL`
  return { id: to.id, columns, claimed, over }
})

layer(stores(), { excludeTestServices: true, timeout: "30 seconds" })("a rotation of a signing secret", (it) => {
  it.effect("leaves the old one where the revision before this one looks for it, until the overlap is over", () =>
    Effect.gen(function*() {
      const { settleRotations } = yield* DestinationStore
      const { claimed, columns, over } = yield* rotating
      assert.deepStrictEqual(yield* claimed, ["old", "new"])
      yield* settleRotations
      assert.deepStrictEqual(yield* columns, { now: "old", next: "new" })
      yield* over
      assert.deepStrictEqual(yield* claimed, ["new", null])
      yield* settleRotations
      assert.deepStrictEqual(yield* columns, { now: "new", next: null })
      assert.deepStrictEqual(yield* claimed, ["new", null])
    }))

  it.effect("that nobody has settled is the ground of the next one all the same", () =>
    Effect.gen(function*() {
      const { rotate } = yield* DestinationStore
      const { claimed, columns, id, over } = yield* rotating
      yield* over
      yield* rotate(id, "newest", Duration.minutes(1))
      assert.deepStrictEqual(yield* columns, { now: "new", next: "newest" })
      assert.deepStrictEqual(yield* claimed, ["new", "newest"])
      yield* rotate(id, "last", Duration.zero)
      assert.deepStrictEqual(yield* columns, { now: "last", next: null })
      assert.deepStrictEqual(yield* claimed, ["last", null])
    }))
})
