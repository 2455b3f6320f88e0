import { assert, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import * as DatabaseTime from "../../src/services/DatabaseTime.ts"

const answer = (now: number, after = 0) => Effect.as(TestClock.adjust(after), { now })

it.effect("the database's time is this process's own until the database has told it", () =>
  Effect.gen(function*() {
    const time = DatabaseTime.make()
    yield* TestClock.setTime(5_000)
    assert.strictEqual(yield* time.now, 5_000)
    yield* time.observe(Effect.sync(() => undefined))
    assert.deepStrictEqual([yield* time.now, time.doubt()], [5_000, 0])
  }))

it.effect("the database's time goes on from what it told, in doubt by half the time that the answer took", () =>
  Effect.gen(function*() {
    const time = DatabaseTime.make()
    yield* TestClock.setTime(5_000)
    yield* time.observe(answer(1_000_000, 20))
    assert.deepStrictEqual([yield* time.now, time.doubt()], [1_000_010, 10])
    yield* TestClock.adjust(500)
    assert.strictEqual(yield* time.now, 1_000_510)
  }))

it.effect("the database's time is right again with its next answer after this process's clock was set", () =>
  Effect.gen(function*() {
    const time = DatabaseTime.make()
    yield* time.observe(answer(1_000_000))
    yield* TestClock.setTime(7_200_000)
    yield* time.observe(answer(1_000_500))
    assert.deepStrictEqual([yield* time.now, time.doubt()], [1_000_500, 0])
  }))
