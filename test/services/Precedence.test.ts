import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Ref, TestClock } from "effect"
import * as Precedence from "../../src/services/Precedence.ts"

/** Work that lasts until it is interrupted, with how much of it has begun. */
const works = Effect.gen(function*() {
  const { arrived, giveWay } = yield* Precedence.make(2)
  const begun = yield* Ref.make(0)
  const begin = (count: number, waits: "for others" | "for nobody" = "for nobody") =>
    Effect.replicateEffect(
      Effect.zipLeft(
        Effect.fork(giveWay((apart) =>
          Ref.update(begun, (_) => _ + 1).pipe(
            Effect.zipRight(waits === "for others" ? apart : Effect.void),
            Effect.zipRight(Effect.never)
          )
        )),
        Effect.yieldNow()
      ),
      count
    )
  return { arrived, begin, begun: Effect.zipRight(Effect.repeatN(Effect.yieldNow(), 20), Ref.get(begun)) }
})

describe("what comes again", () => {
  it.effect("is worked on as it comes while there are no new events", () =>
    Effect.gen(function*() {
      const { begin, begun } = yield* works
      yield* begin(5)
      assert.strictEqual(yield* begun, 5)
    }))

  it.effect("is worked on in turns while new events come, and as it comes again some time after the last", () =>
    Effect.gen(function*() {
      const { arrived, begin, begun } = yield* works
      yield* arrived
      yield* begin(5)
      assert.strictEqual(yield* begun, 2)
      yield* TestClock.adjust("2 seconds")
      yield* begin(5)
      assert.strictEqual(yield* begun, 7)
    }))

  it.effect("leaves its turn to the next while it waits for others, or when it is interrupted", () =>
    Effect.gen(function*() {
      const { arrived, begin, begun } = yield* works
      yield* arrived
      yield* begin(3, "for others")
      assert.strictEqual(yield* begun, 3)
      const [first, second, third] = yield* begin(4)
      assert.strictEqual(yield* begun, 5)
      yield* Fiber.interruptAll([first, third].flatMap((_) => _ ?? []))
      assert.strictEqual(yield* begun, 6)
      yield* Fiber.interruptAll([second].flatMap((_) => _ ?? []))
      assert.strictEqual(yield* begun, 6)
    }))
})
