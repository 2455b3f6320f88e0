import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, Schema } from "effect"
import { DeliveryMessage } from "../../src/domain/QueueMessage.ts"
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

  it.effect("come back only a few at a time while many messages that come again wait in their queue", () =>
    Effect.gen(function*() {
      const fake = yield* FakeBroker
      const releases = yield* Releases
      const to = yield* held(40)
      yield* (yield* Lanes).held(to.id)
      fake.waiting = 1_000
      yield* releases.proceed
      assert.strictEqual(yield* heldNow(to), 36)
      fake.waiting = 0
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

layer(stores(), { excludeTestServices: true, timeout: "60 seconds" })("held deliveries", (it) => {
  it.effect(
    "of a destination that was paused for long come back a few at a time, the oldest first, as they were",
    () =>
      Effect.gen(function*() {
        const fake = yield* FakeBroker
        const releases = yield* Releases
        const sql = yield* SqlClient.SqlClient
        const to = yield* Rows.destination()
        const count = 10_000
        yield* sql`
        INSERT INTO deliveries (
          id, event_id, event_received_at, integration_id, destination_id, state, held_at, next_attempt, attempt_count
        )
        SELECT ('00000000-000d-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, gen_random_uuid(), now(),
          ${to.integrationId}, ${to.id}, 'held', now(), 3, 2
        FROM generate_series(${count}::int, 1, -1) AS n`
        fake.published.length = 0
        yield* releases.begin
        const rounds = [fake.published.length]
        while (rounds.length < 100 && fake.published.length < count) {
          const before = fake.published.length
          yield* releases.proceed
          rounds.push(fake.published.length - before)
        }
        assert.strictEqual(fake.published.length, count)
        assert.isAtMost(Math.max(...rounds), 256)
        assert.isAtMost(rounds[0] ?? count, 16)
        const decode = Schema.decodeUnknown(Schema.parseJson(DeliveryMessage))
        const messages = yield* Effect.forEach(fake.published, ({ content }) => decode(content))
        const ids = messages.map((_): string => _.deliveryId)
        // Those of one round are published together, in any order.
        let from = 0
        for (const round of rounds) {
          assert.deepStrictEqual(ids.slice(from, from + round).toSorted(), ids.toSorted().slice(from, from + round))
          from += round
        }
        assert.deepStrictEqual([...new Set(messages.map((_) => `${_.generation} ${_.attempt}`))], ["1 3"])
        const [untouched] = yield* sql`
        SELECT count(*)::int FROM deliveries
        WHERE destination_id = ${to.id} AND generation = 1 AND next_attempt = 3 AND attempt_count = 2`
        assert.deepStrictEqual(untouched, { count })
      }),
    60_000
  )
})
