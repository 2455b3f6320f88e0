import { assert, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import * as DatabaseTime from "../../src/services/DatabaseTime.ts"
import * as HostClock from "../support/HostClock.ts"

const answer = (now: number, after = 0) => Effect.as(TestClock.adjust(after), { now })

it.effect("the database's time is this process's own until the database has told it", () =>
  Effect.gen(function*() {
    const time = yield* DatabaseTime.make
    yield* TestClock.setTime(5_000)
    assert.strictEqual(time.now(), 5_000)
    yield* time.observe(Effect.sync(() => undefined))
    assert.deepStrictEqual([time.now(), time.doubt()], [5_000, 0])
  }))

it.effect("the database's time goes on from what it told, in doubt by half the time that the answer took", () =>
  Effect.gen(function*() {
    const time = yield* DatabaseTime.make
    yield* TestClock.setTime(5_000)
    yield* time.observe(answer(1_000_000, 20))
    assert.deepStrictEqual([time.now(), time.doubt()], [1_000_010, 10])
    yield* TestClock.adjust(500)
    assert.strictEqual(time.now(), 1_000_510)
  }))

it.effect("the database's time goes on as before when this process's own clock is set", () =>
  Effect.gen(function*() {
    const host = HostClock.make(yield* Effect.clock)
    yield* Effect.gen(function*() {
      const time = yield* DatabaseTime.make
      yield* time.observe(Effect.succeed({ now: 1_000_000 }))
      yield* host.set(7_200_000)
      assert.strictEqual(time.now(), 1_000_000)
    }).pipe(Effect.withClock(host))
  }))

it.effect("a slow answer leaves the database's time as a quick one told it, unless the two contradict each other", () =>
  Effect.gen(function*() {
    const time = yield* DatabaseTime.make
    yield* time.observe(answer(1_000_000, 20))
    yield* time.observe(answer(1_009_000, 10_000))
    assert.deepStrictEqual([time.now(), time.doubt()], [1_010_010, 10])
    yield* time.observe(answer(2_000_000, 10_000))
    assert.deepStrictEqual([time.now(), time.doubt()], [2_005_000, 5_000])
    yield* time.observe(answer(2_006_000, 10))
    assert.deepStrictEqual([time.now(), time.doubt()], [2_006_005, 5])
  }))
