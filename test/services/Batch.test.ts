import { assert, describe, it } from "@effect/vitest"
import { Array, Deferred, Duration, Effect, Exit, Fiber, Ref, Scope, TestClock } from "effect"
import * as Batch from "../../src/services/Batch.ts"

const bounds = { maxEntries: 10, parallel: 1 }

describe("a batch", () => {
  it.scoped("gathers what comes while a commit runs, and gives each caller its own output", () =>
    Effect.gen(function*() {
      const sizes = yield* Ref.make<ReadonlyArray<number>>([])
      const gate = yield* Deferred.make<void>()
      const { submit } = yield* Batch.make({
        ...bounds,
        commit: (entries: ReadonlyArray<number>) =>
          Ref.update(sizes, Array.append(entries.length)).pipe(
            Effect.zipRight(Deferred.await(gate)),
            Effect.as(entries.map((_) => _ * 2))
          )
      })
      const first = yield* Effect.fork(submit(1))
      yield* Effect.yieldNow().pipe(Effect.repeatN(20))
      const others = yield* Effect.fork(Effect.forEach(Array.range(2, 26), submit, { concurrency: "unbounded" }))
      yield* Effect.yieldNow().pipe(Effect.repeatN(100))
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(first), 2)
      assert.deepStrictEqual(yield* Fiber.join(others), Array.range(2, 26).map((_) => _ * 2))
      assert.deepStrictEqual(yield* Ref.get(sizes), [1, 10, 10, 5])
    }))

  it.scoped("bounds a commit by weight, and lets a heavier entry go alone", () =>
    Effect.gen(function*() {
      const commits = yield* Ref.make<ReadonlyArray<ReadonlyArray<number>>>([])
      const gate = yield* Deferred.make<void>()
      const { submit } = yield* Batch.make({
        ...bounds,
        maxWeight: 10,
        weigh: (weight: number) => weight,
        commit: (entries) =>
          Ref.update(commits, Array.append(entries)).pipe(Effect.zipRight(Deferred.await(gate)), Effect.as(entries))
      })
      const all = yield* Effect.fork(Effect.forEach([1, 4, 5, 2, 30, 3], submit, { concurrency: "unbounded" }))
      yield* Effect.yieldNow().pipe(Effect.repeatN(100))
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(all)
      assert.deepStrictEqual((yield* Ref.get(commits)).flat(), [1, 4, 5, 2, 30, 3])
      for (const commit of yield* Ref.get(commits)) {
        assert.isTrue(commit.length === 1 || Array.reduce(commit, 0, (sum, _) => sum + _) <= 10)
      }
    }))

  it.scoped("fails each caller of a failed commit", () =>
    Effect.gen(function*() {
      const { submit } = yield* Batch.make<number, number, string>({ ...bounds, commit: () => Effect.fail("no") })
      const outcomes = yield* Effect.forEach([1, 2, 3], (_) => Effect.either(submit(_)), { concurrency: "unbounded" })
      assert.deepStrictEqual(outcomes.map((_) => _._tag), ["Left", "Left", "Left"])
    }))

  it.scoped("with a bad entry is committed one by one, so that only the bad one fails", () =>
    Effect.gen(function*() {
      const { submit } = yield* Batch.make({
        ...bounds,
        separate: () => true,
        commit: (entries: ReadonlyArray<number>) =>
          entries.includes(13) ? Effect.fail("unlucky") : Effect.succeed(entries)
      })
      const outcomes = yield* Effect.forEach([11, 12, 13, 14], (_) => Effect.either(submit(_)), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(outcomes.map((_) => _._tag), ["Right", "Right", "Left", "Right"])
    }))

  it.scoped("survives a commit that dies, and one that throws", () =>
    Effect.gen(function*() {
      const { submit } = yield* Batch.make({
        ...bounds,
        commit: (entries: ReadonlyArray<number>) => {
          if (entries.includes(1)) throw new Error("broken")
          return entries.includes(2) ? Effect.dieMessage("broken") : Effect.succeed(entries)
        }
      })
      assert.isTrue(Exit.isFailure(yield* Effect.exit(submit(1))))
      assert.isTrue(Exit.isFailure(yield* Effect.exit(submit(2))))
      assert.strictEqual(yield* submit(3), 3)
    }))

  it.scoped("commits the entry of a caller that is interrupted, and answers the others", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const committed: Array<number> = []
      const { submit } = yield* Batch.make({
        ...bounds,
        commit: (entries: ReadonlyArray<number>) =>
          Effect.sync(() => committed.push(...entries)).pipe(Effect.zipRight(Deferred.await(gate)), Effect.as(entries))
      })
      const [first, second, third] = yield* Effect.forEach(
        [1, 2, 3],
        (entry) => Effect.zipLeft(Effect.fork(submit(entry)), Effect.yieldNow().pipe(Effect.repeatN(20)))
      )
      yield* Fiber.interrupt(yield* Effect.fromNullable(second))
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(yield* Effect.fromNullable(first)), 1)
      assert.strictEqual(yield* Fiber.join(yield* Effect.fromNullable(third)), 3)
      assert.deepStrictEqual(committed, [1, 2, 3])
    }))

  it.scoped("refuses whoever has waited too long, commits the entry all the same, and tells when it is settled", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const settled: Array<number> = []
      const { submit } = yield* Batch.make({
        ...bounds,
        maxEntries: 1,
        refusal: { after: Duration.seconds(8), capacity: 100, error: "too slow" },
        settled: (entry: number) => void settled.push(entry),
        commit: (entries: ReadonlyArray<number>) => Effect.as(Deferred.await(gate), entries)
      })
      const [early, late] = [yield* Effect.fork(submit(1)), yield* Effect.fork(submit(2))]
      yield* TestClock.adjust("5 seconds")
      const third = yield* Effect.fork(submit(3))
      yield* TestClock.adjust("4 seconds")
      assert.deepStrictEqual(yield* Fiber.await(early), Exit.fail("too slow"))
      assert.deepStrictEqual(yield* Fiber.await(late), Exit.fail("too slow"))
      assert.deepStrictEqual(settled, [])
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(third), 3)
      assert.deepStrictEqual(settled, [1, 2, 3])
    }))

  it.scoped("refuses at once whoever finds no room", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const settled: Array<number> = []
      const { submit } = yield* Batch.make({
        ...bounds,
        maxEntries: 1,
        refusal: { after: Duration.seconds(8), capacity: 2, error: "full" },
        settled: (entry: number) => void settled.push(entry),
        commit: (entries: ReadonlyArray<number>) => Effect.as(Deferred.await(gate), entries)
      })
      yield* Effect.fork(submit(1))
      yield* Effect.yieldNow().pipe(Effect.repeatN(20))
      yield* Effect.fork(Effect.forEach([2, 3], submit, { concurrency: "unbounded" }))
      yield* Effect.yieldNow().pipe(Effect.repeatN(20))
      assert.deepStrictEqual(yield* Effect.exit(submit(4)), Exit.fail("full"))
      assert.deepStrictEqual(settled, [4])
      yield* Deferred.succeed(gate, undefined)
    }))

  it.scoped("tells everybody once, whatever another makes of what it is told", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const { submit, unsafeSubmit } = yield* Batch.make<number, number, string>({
        ...bounds,
        refusal: { after: Duration.seconds(8), capacity: 10, error: "late" },
        commit: (entries) => Effect.as(Deferred.await(gate), entries)
      })
      const told: Array<readonly [entry: number, outcome: Exit.Exit<number, string>]> = []
      const tell = (entry: number) => unsafeSubmit(entry, (outcome) => void told.push([entry, outcome]))
      unsafeSubmit(1, () => assert.fail("a callback that throws"))
      tell(2)
      yield* Effect.repeatN(TestClock.adjust("500 millis"), 18)
      assert.deepStrictEqual(told, [[2, Exit.fail("late")]])
      yield* Deferred.succeed(gate, undefined)
      unsafeSubmit(5, () => assert.fail("a callback that throws within the commit"))
      tell(3)
      assert.strictEqual(yield* submit(4), 4)
      assert.deepStrictEqual(told, [[2, Exit.fail("late")], [3, Exit.succeed(3)]])
    }))

  it.effect("finishes the commit that runs when its scope closes, and answers those who still waited with an interruption", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const gate = yield* Deferred.make<void>()
      const { submit } = yield* Scope.extend(
        Batch.make({
          ...bounds,
          maxEntries: 1,
          commit: (entries: ReadonlyArray<number>) => Effect.as(Deferred.await(gate), entries)
        }),
        scope
      )
      const running = yield* Effect.fork(submit(1))
      yield* Effect.yieldNow().pipe(Effect.repeatN(20))
      const waiting = yield* Effect.fork(submit(2))
      yield* Effect.yieldNow().pipe(Effect.repeatN(20))
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* Effect.yieldNow().pipe(Effect.repeatN(20))
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(closing)
      assert.deepStrictEqual(yield* Fiber.await(running), Exit.succeed(1))
      assert.isTrue(Exit.isInterrupted(yield* Fiber.await(waiting)))
      assert.isTrue(Exit.isInterrupted(yield* Effect.exit(submit(3))))
    }))
})
