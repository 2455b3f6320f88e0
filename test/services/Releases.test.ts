import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { Lanes } from "../../src/services/Lanes.ts"
import { Precedence } from "../../src/services/Precedence.ts"
import { Releases } from "../../src/services/Releases.ts"
import { HoldStore } from "../../src/services/store/HoldStore.ts"
import { unclaimed } from "../support/Claims.ts"
import { eventually } from "../support/Eventually.ts"
import { FakeBroker } from "../support/FakeBroker.ts"
import * as Rows from "../support/Rows.ts"
import { stores } from "../support/Stores.ts"

const held = Effect.fnUntraced(function*(count: number) {
  const to = yield* Rows.destination()
  const messages = yield* Rows.deliveries(to, count)
  yield* (yield* HoldStore).hold(messages.map(unclaimed))
  return to
})

const heldNow = Effect.fnUntraced(function*({ id }: Rows.To) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ readonly count: number }>`
    SELECT count(*)::int FROM deliveries WHERE destination_id = ${id} AND state = 'held'`
  return row?.count
})

layer(stores(), { excludeTestServices: true, timeout: "30 seconds" })("held deliveries", (it) => {
  it.scoped("come back only a few at a time while others that come again wait for their turn", () =>
    Effect.gen(function*() {
      const { arrived, crowded, giveWay } = yield* Precedence
      const releases = yield* Releases
      const to = yield* held(40)
      yield* (yield* Lanes).held(to.id)
      yield* arrived
      const working = yield* Effect.replicateEffect(Effect.fork(giveWay(() => Effect.never)), 20)
      yield* eventually(crowded, (_) => _)
      yield* releases.proceed
      assert.strictEqual(yield* heldNow(to), 36)
      yield* Fiber.interruptAll(working)
      yield* releases.proceed
      assert.strictEqual(yield* heldNow(to), 4)
    }))

  it.effect("stay where they are while the broker takes nothing", () =>
    Effect.gen(function*() {
      const fake = yield* FakeBroker
      const releases = yield* Releases
      const to = yield* held(40)
      yield* (yield* Lanes).held(to.id)
      fake.refusing = true
      yield* releases.begin
      yield* Effect.replicateEffect(releases.proceed, 5)
      assert.strictEqual(yield* heldNow(to), 40)
      fake.refusing = false
      yield* releases.begin
      assert.strictEqual(yield* heldNow(to), 24)
    }))

  it.effect(
    "of each destination have their turn, however many destinations hold more than a round releases",
    () =>
      Effect.gen(function*() {
        const releases = yield* Releases
        const many = yield* Effect.replicateEffect(held(40), 130)
        yield* Effect.replicateEffect(releases.begin, 2)
        const left = yield* Effect.forEach(many, heldNow)
        assert.deepStrictEqual(left.filter((_) => _ === 40), [])
      }),
    60_000
  )
})
