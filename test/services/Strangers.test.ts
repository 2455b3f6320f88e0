import { assert, it } from "@effect/vitest"
import { Array, Effect, Fiber, Option } from "effect"
import * as Strangers from "../../src/services/Strangers.ts"

it.effect("of names that nobody knows ten thousand are looked up at a time, and those that are known beside them", () =>
  Effect.gen(function*() {
    const strangers = yield* Strangers.make(10)
    strangers.meet("shop", Option.some({ id: "id-of-shop", slug: "shop" }))
    const flood = yield* Effect.forEach(
      Array.range(1, 10_000),
      (number) => Effect.fork(strangers.limit(`stranger-${number}`)(Effect.never))
    )
    yield* Effect.yieldNow()
    const error = yield* Effect.flip(strangers.limit("one-more")(Effect.void))
    assert.strictEqual(error.reason, "Unavailable")
    yield* strangers.limit("shop")(Effect.void)
    yield* strangers.limit("id-of-shop")(Effect.void)
    yield* Fiber.interruptAll(flood)
    yield* strangers.limit("one-more")(Effect.void)
  }))
