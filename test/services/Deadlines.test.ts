import { assert, describe, it } from "@effect/vitest"
import { type Clock, Duration, Effect, TestClock } from "effect"
import * as Deadlines from "../../src/services/Deadlines.ts"
import * as HostClock from "../support/HostClock.ts"

describe("deadlines", () => {
  it.scoped("end what takes too long, no more than a sixteenth late, and nothing that was done before", () =>
    Effect.gen(function*() {
      const ended: Array<string> = []
      const { watch } = yield* Deadlines.make("Ending in a test", Duration.seconds(16))
      yield* TestClock.adjust("500 millis")
      watch(() => void ended.push("first"))
      const stop = watch(() => void ended.push("done before"))
      yield* TestClock.adjust("8 seconds")
      watch(() => void ended.push("second"))
      stop()
      yield* TestClock.adjust("7999 millis")
      assert.deepStrictEqual(ended, [])
      yield* TestClock.adjust("1 seconds")
      assert.deepStrictEqual(ended, ["first"])
      yield* TestClock.adjust("8001 millis")
      assert.deepStrictEqual(ended, ["first", "second"])
    }))

  it.scoped("end in time also after a while in which there was nothing to be looked at", () =>
    Effect.gen(function*() {
      let ended = 0
      const { watch } = yield* Deadlines.make("Ending in a test", Duration.seconds(16))
      for (let round = 1; round <= 2; round++) {
        yield* TestClock.adjust("1 hour")
        watch(() => void ended++)
        yield* TestClock.adjust("15999 millis")
        assert.strictEqual(ended, round - 1)
        yield* TestClock.adjust("1 millis")
        assert.strictEqual(ended, round)
      }
    }))

  it.scoped("give a process that was stopped the time to hear what came in meanwhile", () =>
    Effect.gen(function*() {
      let ended = 0
      let stopped = 0n
      const real = yield* Effect.clock
      const clock: Clock.Clock = {
        ...HostClock.make(real),
        unsafeCurrentTimeNanos: () => real.unsafeCurrentTimeNanos() + stopped
      }
      const { watch } = yield* Effect.withClock(Deadlines.make("Ending in a test", Duration.seconds(16)), clock)
      watch(() => void ended++)
      stopped = 3_600_000_000_000n
      // The look in which it stopped counts for three.
      yield* TestClock.adjust("13 seconds")
      assert.strictEqual(ended, 0)
      yield* TestClock.adjust("1 seconds")
      assert.strictEqual(ended, 1)
    }))

  it.scoped("that are over are told once, and one that fails does not hold up the others", () =>
    Effect.gen(function*() {
      let told = 0
      const { watch } = yield* Deadlines.make("Ending in a test", Duration.seconds(16))
      watch(() => {
        throw new Error("broken")
      })
      const stop = watch(() => void told++)
      yield* TestClock.adjust("1 minute")
      stop()
      assert.strictEqual(told, 1)
    }))
})
