import { assert, describe, it } from "@effect/vitest"
import { Array, Deferred, Duration, Effect, Fiber, TestClock } from "effect"
import * as Batch from "../../src/services/Batch.ts"

describe("a batch in turns", () => {
  for (const parallel of [1, 2]) {
    it.scoped(`rests before a commit that is not full, unless nobody has come for a while (${parallel} in flight)`, () =>
      Effect.gen(function*() {
        const sizes: Array<number> = []
        const { submit } = yield* Batch.make({
          maxEntries: 3,
          parallel,
          rest: Duration.millis(10),
          commit: (entries: ReadonlyArray<number>) => Effect.as(Effect.sync(() => sizes.push(entries.length)), entries)
        })
        const come = (count: number) =>
          Effect.zipRight(
            Effect.forEach(Array.range(1, count), (_) => Effect.fork(submit(_))),
            Effect.yieldNow().pipe(Effect.repeatN(50))
          )
        for (let round = 1; round <= 3; round += 1) {
          yield* come(1)
          yield* come(2)
          assert.deepStrictEqual(sizes, [1])
          yield* TestClock.adjust("10 millis")
          assert.deepStrictEqual(sizes, [1, 2])
          yield* TestClock.adjust("1 second")
          yield* come(7)
          assert.deepStrictEqual(sizes, [1, 2, 3, 3])
          yield* TestClock.adjust("10 millis")
          assert.deepStrictEqual(sizes.splice(0), [1, 2, 3, 3, 1])
          yield* TestClock.adjust("1 second")
        }
      }))
  }

  it.scoped("begins another commit beside one that takes long, and never more than it may", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const begun: Array<ReadonlyArray<number>> = []
      const { submit } = yield* Batch.make({
        maxEntries: 10,
        parallel: 2,
        commit: (entries: ReadonlyArray<number>) =>
          Effect.sync(() => begun.push(entries)).pipe(Effect.zipRight(Deferred.await(gate)), Effect.as(entries))
      })
      const all = yield* Effect.forEach(
        [1, 2, 3],
        (entry) => Effect.zipLeft(Effect.fork(submit(entry)), Effect.yieldNow().pipe(Effect.repeatN(20)))
      )
      assert.deepStrictEqual(begun, [[1]])
      yield* TestClock.adjust("50 millis")
      assert.deepStrictEqual(begun, [[1], [2, 3]])
      const fourth = yield* Effect.fork(submit(4))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(begun, [[1], [2, 3]])
      yield* Deferred.succeed(gate, undefined)
      assert.deepStrictEqual(yield* Fiber.join(Fiber.all([...all, fourth])), [1, 2, 3, 4])
      assert.deepStrictEqual(begun, [[1], [2, 3], [4]])
    }))
})
