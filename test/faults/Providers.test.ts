import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import * as Providers from "./Providers.ts"

describe("the load in its process", () => {
  it.effect("is told of a burst once, and asked until all of it is accepted", () =>
    Effect.gen(function*() {
      const tells: Array<Providers.Told["tell"]> = []
      let pending = 3
      const { burst } = Providers.make((told) =>
        Effect.sync((): Providers.Said => {
          tells.push(told.tell)
          return told.tell === "count"
            ? { say: "counts", counts: { pending: --pending, offered: 3, skipped: 0 } }
            : { say: "done" }
        })
      )
      const sending = yield* Effect.fork(burst(3))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(sending)
      assert.deepStrictEqual(tells, ["burst", "count", "count", "count"])
    }))
})
