// @effect-diagnostics strictEffectProvide:off
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, FastCheck, TestClock } from "effect"
import * as MemoryCoordination from "../../../src/layers/MemoryCoordination.ts"
import { Coordination } from "../../../src/services/ports/Coordination.ts"
import { locks } from "./Locks.ts"
import { isMarked } from "./Marks.ts"

const fresh = Effect.provide(MemoryCoordination.layer)

const divisorsOfAMinute = FastCheck.constantFrom(1, 2, 5, 12, 60, 240, 1_000)

describe("coordination in memory, by the Clock", () => {
  it.effect.prop(
    "refills a budget evenly: each share of the minute brings back one",
    [divisorsOfAMinute, FastCheck.integer({ min: 1, max: 2_000 })],
    ([limit, shares]) =>
      Effect.gen(function*() {
        const { take } = yield* Coordination
        const taken = Effect.map(Effect.replicateEffect(take("budget", limit), limit + 1), (_) =>
          _.filter(({ allowed }) => allowed).length)
        assert.strictEqual(yield* taken, limit)
        yield* TestClock.adjust(Duration.millis(shares * 60_000 / limit))
        assert.strictEqual(yield* taken, Math.min(shares, limit))
      }).pipe(fresh),
    { fastCheck: { numRuns: 30 } }
  )

  it.effect("keeps marks and locks to the last millisecond of their time", () =>
    Effect.gen(function*() {
      const { lock, renew } = yield* locks
      const { mark } = yield* Coordination
      yield* mark(["mark"], Duration.seconds(10))
      yield* lock("lock", "mine", Duration.seconds(10))
      yield* TestClock.adjust("9999 millis")
      assert.isTrue(yield* isMarked("mark"))
      assert.isFalse(yield* lock("lock", "other", Duration.seconds(10)))
      yield* TestClock.adjust("1 millis")
      assert.isFalse(yield* isMarked("mark"))
      assert.isFalse(yield* renew("lock", "mine", Duration.seconds(10)))
      assert.isTrue(yield* lock("lock", "other", Duration.seconds(10)))
    }).pipe(fresh))

  it.effect("counts a lock's time from its renewal", () =>
    Effect.gen(function*() {
      const { lock, renew } = yield* locks
      yield* lock("lock", "mine", Duration.seconds(10))
      yield* TestClock.adjust("9 seconds")
      assert.isTrue(yield* renew("lock", "mine", Duration.seconds(10)))
      yield* TestClock.adjust("9 seconds")
      assert.isFalse(yield* lock("lock", "other", Duration.seconds(10)))
    }).pipe(fresh))

  it.effect("forgets its oldest marks rather than grow for ever, and neither locks nor budgets", () =>
    Effect.gen(function*() {
      const { lock } = yield* locks
      const { mark, take } = yield* Coordination
      const day = Duration.days(1)
      yield* lock("lock", "mine", day)
      yield* take("budget", 1)
      yield* mark(["oldest"], day)
      yield* mark(["old"], day)
      yield* mark(["oldest"], day)
      yield* Effect.forEach(
        Array.from({ length: 99_999 }, (_, index) => index),
        (index) => mark([`${index}`], day),
        {
          discard: true
        }
      )
      assert.isFalse(yield* isMarked("old"))
      assert.isTrue(yield* isMarked("oldest"))
      yield* mark(["one more"], day)
      assert.isFalse(yield* isMarked("oldest"))
      assert.isTrue(yield* isMarked("one more"))
      assert.isFalse(yield* lock("lock", "other", day))
      assert.isFalse((yield* take("budget", 1)).allowed)
    }).pipe(fresh))
})
