import { assert, it } from "@effect/vitest"
import { Duration, Effect, Fiber, TestClock } from "effect"
import * as InHand from "../../src/layers/InHand.ts"

it.scoped("handlers that are left in the end take their leave at the same time", () =>
  Effect.gen(function*() {
    const handlers = yield* InHand.make
    const farewell = Effect.onInterrupt(Effect.never, () => Effect.sleep("3 seconds"))
    yield* Effect.forEach(Array.from({ length: 20 }), () => Effect.sync(() => handlers.run(farewell)))
    const draining = yield* Effect.fork(InHand.drain(handlers, Duration.seconds(10)))
    yield* TestClock.adjust("10 seconds")
    assert.isNull(draining.unsafePoll())
    yield* TestClock.adjust("3 seconds")
    yield* Fiber.join(draining)
    assert.deepStrictEqual([...handlers.fibers], [])
    yield* handlers.awaitNone
  }))
