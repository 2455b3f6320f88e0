// @effect-diagnostics strictEffectProvide:off
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Ref, TestClock } from "effect"
import { Precedence } from "../../src/services/Precedence.ts"
import { Settings } from "../../src/services/Settings.ts"
import * as Grounds from "../support/Grounds.ts"

const test = (name: string, program: Effect.Effect<void, never, Precedence>) =>
  it.effect(name, () =>
    // Two turns.
    Effect.provide(
      program,
      Layer.provide(Precedence.layer, Layer.succeed(Settings, Grounds.settings({ workerConcurrency: 64 })))
    ))

/** Work that lasts until it is interrupted, and how much of it has begun. */
const works = Effect.gen(function*() {
  const { arrived, crowded, giveWay } = yield* Precedence
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
  const settled = Effect.repeatN(Effect.yieldNow(), 20)
  return { arrived, begin, begun: Effect.zipRight(settled, Ref.get(begun)), crowded }
})

describe("what comes again", () => {
  test(
    "is worked on as it comes while there are no new events",
    Effect.gen(function*() {
      const { arrived, begin, begun, crowded } = yield* works
      yield* begin(5)
      assert.strictEqual(yield* begun, 5)
      yield* arrived
      yield* TestClock.adjust("250 millis")
      yield* begin(5)
      assert.strictEqual(yield* begun, 10)
      assert.isFalse(yield* crowded)
    })
  )

  test(
    "is worked on in turns while new events come, and waits for its turn two seconds at most",
    Effect.gen(function*() {
      const { arrived, begin, begun, crowded } = yield* works
      yield* arrived
      yield* begin(5)
      assert.strictEqual(yield* begun, 2)
      assert.isTrue(yield* crowded)
      yield* TestClock.adjust("1999 millis")
      assert.strictEqual(yield* begun, 2)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* begun, 5)
      assert.isFalse(yield* crowded)
    })
  )

  test(
    "leaves its turn to the next once it waits for others, or is interrupted",
    Effect.gen(function*() {
      const { arrived, begin, begun } = yield* works
      yield* arrived
      const apart = yield* begin(3, "for others")
      assert.strictEqual(yield* begun, 3)
      const [first, , third] = yield* begin(4)
      assert.strictEqual(yield* begun, 5)
      // One that works, one that waits, and some that have left their turn already.
      yield* Fiber.interruptAll([...apart, ...[first, third].flatMap((_) => _ ?? [])])
      assert.strictEqual(yield* begun, 6)
      yield* begin(1)
      assert.strictEqual(yield* begun, 6)
    })
  )
})
