import { assert, layer } from "@effect/vitest"
import { Duration, Effect, Layer, Option } from "effect"
import * as MemoryCoordination from "../../src/layers/MemoryCoordination.ts"
import { Lanes } from "../../src/services/Lanes.ts"
import { Limits } from "../../src/services/Limits.ts"
import { Coordination, CoordinationError } from "../../src/services/ports/Coordination.ts"
import type { Work } from "../../src/services/store/ClaimStore.ts"
import { claim, work } from "../support/Claims.ts"
import { eventually } from "../support/Eventually.ts"
import * as Rows from "../support/Rows.ts"
import { stores, storesOn } from "../support/Stores.ts"

/** Claims of deliveries of one destination with the given limits. */
const works = Effect.fnUntraced(function*(count: number, bounds: Partial<Work>) {
  const messages = yield* Rows.deliveries(yield* Rows.destination(), count)
  return yield* Effect.forEach(
    messages,
    (message) => Effect.map(Effect.flatMap(claim(message), work), (claimed): Work => ({ ...claimed, ...bounds }))
  )
})

layer(stores(), { excludeTestServices: true, timeout: "30 seconds" })("a destination's limits", (it) => {
  it.scoped("let everything through where it has none", () =>
    Effect.gen(function*() {
      const { admit } = yield* Limits
      const admitted = yield* Effect.forEach(yield* works(20, {}), admit)
      assert.isTrue(admitted.every((_) => _))
    }))

  it.scoped("let so many attempts run at a time, whichever worker makes them", () =>
    Effect.gen(function*() {
      const { admit } = yield* Limits
      const coordination = yield* Coordination
      const [first, second, third] = yield* works(3, { concurrency: 2 })
      const elsewhere = yield* Effect.fromNullable(first)
      const places = `places:${elsewhere.destinationId}`
      yield* coordination.enter(places, "an attempt of another worker", 2, Duration.minutes(1))
      assert.isTrue(yield* admit(yield* Effect.fromNullable(second)))
      assert.isFalse(yield* admit(yield* Effect.fromNullable(third)))
      yield* coordination.leave(places, "an attempt of another worker")
      assert.isTrue(yield* admit(yield* Effect.fromNullable(third)))
    }))

  it.scoped("let so many attempts begin in a minute, and close the lane until the next may", () =>
    Effect.gen(function*() {
      const { admit } = yield* Limits
      const lanes = yield* Lanes
      const all = yield* works(4, { rateLimitPerMinute: 3 })
      assert.deepStrictEqual(yield* Effect.forEach(all, admit), [true, true, true, false])
      const [{ destinationId }] = [yield* Effect.fromNullable(all[0])]
      const turn = lanes.pass(destinationId, {
        again: Option.none(),
        inside: () => Effect.succeedSome("inside"),
        otherwise: Effect.succeedNone
      })
      assert.deepStrictEqual(yield* turn, Option.none())
    }))
})

const redis = { isAway: false }
const leaving = Layer.effect(
  Coordination,
  Effect.map(Coordination, (real) =>
    Coordination.of({
      ...real,
      leave: (key, token) =>
        Effect.suspend(() =>
          redis.isAway ? Effect.fail(new CoordinationError({ reason: "Unavailable" })) : real.leave(key, token)
        )
    }))
).pipe(Layer.provide(MemoryCoordination.layer))

layer(storesOn(leaving), { excludeTestServices: true, timeout: "30 seconds" })(
  "a place that Redis lets nobody give up",
  (it) => {
    it.scoped("is given up when Redis is back", () =>
      Effect.gen(function*() {
        const { admit, leave } = yield* Limits
        const [first, second] = yield* works(2, { concurrency: 1 })
        const next = yield* Effect.fromNullable(second)
        assert.isTrue(yield* admit(yield* Effect.fromNullable(first)))
        redis.isAway = true
        yield* leave(yield* Effect.fromNullable(first))
        assert.isFalse(yield* admit(next))
        redis.isAway = false
        assert.isTrue(yield* eventually(admit(next), (_) => _))
      }))
  }
)
