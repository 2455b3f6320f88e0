import { assert, it } from "@effect/vitest"
import { Duration, Effect, Fiber, FiberSet, TestClock } from "effect"
import * as InHand from "../../src/layers/InHand.ts"

it.scoped("handlers that are left in the end take their leave at the same time", () =>
  Effect.gen(function*() {
    const handlers = yield* FiberSet.make<void>()
    const run = yield* FiberSet.runtime(handlers)()
    const farewell = Effect.onInterrupt(Effect.never, () => Effect.sleep("3 seconds"))
    yield* Effect.forEach(Array.from({ length: 20 }), () => Effect.sync(() => run(farewell)))
    const draining = yield* Effect.fork(InHand.drain(handlers, Duration.seconds(10)))
    yield* TestClock.adjust("10 seconds")
    assert.isNull(draining.unsafePoll())
    yield* TestClock.adjust("3 seconds")
    yield* Fiber.join(draining)
    assert.strictEqual(yield* FiberSet.size(handlers), 0)
  }))
