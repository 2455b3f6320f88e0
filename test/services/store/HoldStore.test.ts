import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import type { DeliveryId } from "../../../src/domain/Ids.ts"
import { beforeAll, HoldStore } from "../../../src/services/store/HoldStore.ts"
import { RecordStore } from "../../../src/services/store/RecordStore.ts"
import { claim, success, unclaimed, work } from "../../support/Claims.ts"
import * as Rows from "../../support/Rows.ts"
import { stores } from "../../support/Stores.ts"

layer(stores(), { excludeTestServices: true, timeout: "30 seconds" })("holding", (it) => {
  it.effect("takes a delivery whose turn it is out of the queue, and gives it back with the same attempt", () =>
    Effect.gen(function*() {
      const { hold, releaseOf } = yield* HoldStore
      const to = yield* Rows.destination()
      const [message] = yield* Rows.deliveries(to, 1)
      yield* hold([unclaimed(yield* Effect.fromNullable(message))])
      assert.deepInclude(yield* Rows.row(message), { state: "held", due: false, attempt_count: 0, next_attempt: 1 })
      assert.strictEqual((yield* claim(message))?._tag, "Stale")
      assert.deepStrictEqual(yield* releaseOf(to.id, 5), [yield* Effect.fromNullable(message)])
      assert.deepInclude(yield* Rows.row(message), { state: "pending", due: true })
      assert.strictEqual((yield* claim(message))?._tag, "Claimed")
    }))

  it.effect("leaves alone what has been claimed, is over, or has another turn", () =>
    Effect.gen(function*() {
      const { hold } = yield* HoldStore
      const [claimed, done, later] = yield* Rows.deliveries(yield* Rows.destination(), 3)
      yield* claim(claimed)
      yield* (yield* RecordStore).record([success(yield* Effect.flatMap(claim(done), work))])
      yield* Rows.set(later, "generation = 2")
      const busy = yield* Effect.flatMap(
        Effect.forEach([done, claimed, later], (_) => Effect.map(Effect.fromNullable(_), unclaimed)),
        hold
      )
      // What another worker has cannot be held.
      assert.deepStrictEqual(busy, [false, true, false])
      assert.deepStrictEqual(
        yield* Effect.forEach([claimed, done, later], (_) => Effect.map(Rows.row(_), (row) => row?.state)),
        ["delivering", "delivered", "pending"]
      )
    }))

  it.effect("ends a claim only for its own token", () =>
    Effect.gen(function*() {
      const { hold } = yield* HoldStore
      const [message] = yield* Rows.deliveries(yield* Rows.destination(), 1)
      const known = yield* Effect.fromNullable(message)
      const { token } = yield* Effect.flatMap(claim(message), work)
      const stranger = { ...known, token: "00000000-0000-7000-8000-000000000000" }
      assert.deepStrictEqual(yield* hold([stranger]), [true])
      yield* Rows.set(message, "lease_until = now() - interval '1 second'")
      assert.deepStrictEqual(yield* hold([stranger]), [true])
      assert.strictEqual((yield* Rows.row(message))?.state, "delivering")
      yield* hold([{ ...known, token }])
      assert.strictEqual((yield* Rows.row(message))?.state, "held")
    }))

  it.effect("leaves one that was queued again to whoever may still record its attempt", () =>
    Effect.gen(function*() {
      const { hold } = yield* HoldStore
      const [message] = yield* Rows.deliveries(yield* Rows.destination(), 1)
      const known = yield* Effect.fromNullable(message)
      const { token } = yield* Effect.flatMap(claim(message), work)
      yield* Rows.set(message, "state = 'queued', queued_at = now(), lease_until = NULL")
      assert.deepStrictEqual(yield* hold([{ ...known, token: null }]), [true])
      assert.strictEqual((yield* Rows.row(message))?.state, "queued")
      assert.deepStrictEqual(yield* hold([{ ...known, token }]), [false])
      assert.strictEqual((yield* Rows.row(message))?.state, "held")
    }))

  it.effect("releases a few of each destination at a time, whatever another one holds", () =>
    Effect.gen(function*() {
      const { hold, release } = yield* HoldStore
      const [many, few] = [yield* Rows.destination(), yield* Rows.destination()]
      const messages = [...(yield* Rows.deliveries(many, 30)), ...(yield* Rows.deliveries(few, 2))]
      yield* hold(messages.map(unclaimed))
      const released = yield* release(beforeAll, 10, 1_000)
      const of = (to: typeof many) => released.filter((_) => _.destinationId === to.id).length
      assert.deepStrictEqual([of(many), of(few)], [10, 2])
    }))

  it.effect("is undone from a given destination on, so that the next round goes on where one ends", () =>
    Effect.gen(function*() {
      const { hold, release } = yield* HoldStore
      const destinations = yield* Effect.forEach([1, 2, 3, 4, 5], () => Rows.destination())
      const messages = yield* Effect.forEach(destinations, (to) => Rows.deliveries(to, 4))
      yield* hold(messages.flat().map(unclaimed))
      const [first, ...others] = destinations.map((_) => _.id).toSorted()
      const released = yield* release(yield* Effect.fromNullable(first), 2, 6)
      assert.deepStrictEqual(
        released.map((_) => _.destinationId).toSorted(),
        others.slice(0, 3).flatMap((id) => [id, id])
      )
    }))

  it.effect("is undone for each delivery once, when two workers release at the same time", () =>
    Effect.gen(function*() {
      const { hold, releaseOf } = yield* HoldStore
      const to = yield* Rows.destination()
      const messages = yield* Rows.deliveries(to, 40)
      yield* hold(messages.map(unclaimed))
      const released = yield* Effect.replicateEffect(releaseOf(to.id, 10), 4, { concurrency: "unbounded" })
      const ids = released.flat().map((_): DeliveryId => _.deliveryId)
      assert.strictEqual(new Set(ids).size, ids.length)
    }))
})
