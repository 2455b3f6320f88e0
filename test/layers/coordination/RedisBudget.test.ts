// @effect-diagnostics strictEffectProvide:off
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { Redis } from "ioredis"
import { randomUUID } from "node:crypto"
import { inject } from "vitest"
import * as RateLimit from "../../../src/domain/RateLimit.ts"
import { Coordination } from "../../../src/services/ports/Coordination.ts"
import { connected } from "./Connected.ts"

const redisUrl = inject("redisUrl")

const burst = 3_000
// Its interval has no end in decimals, so that rounding would add up.
const limit = 7_000

describe.runIf(redisUrl !== null)("a budget on Redis", () => {
  it.scopedLive("is free where it was noted by a clock that has gone back far", () =>
    Effect.gen(function*() {
      const client = yield* Effect.acquireRelease(
        Effect.sync(() => new Redis(redisUrl ?? "")),
        (client) => Effect.sync(() => client.disconnect())
      )
      const key = `test:${randomUUID()}`
      const { take } = yield* Coordination
      const inAnHour = (yield* Clock.currentTimeMillis) + 3_600_000
      yield* Effect.promise(() => client.set(`sluice:${key}`, String(inAnHour), "EX", 7_200))
      const { allowed, remaining } = yield* take(key, 10)
      assert.deepStrictEqual([allowed, remaining], [true, 9])
    }).pipe(Effect.provide(connected(redisUrl ?? ""))))

  it.scopedLive("loses nothing to rounding over a long burst", () =>
    Effect.gen(function*() {
      const client = yield* Effect.acquireRelease(
        Effect.sync(() => new Redis(redisUrl ?? "")),
        (client) => Effect.sync(() => client.disconnect())
      )
      const key = `test:${randomUUID()}`
      const freeAt = Effect.map(Effect.promise(() => client.get(`sluice:${key}`)), Number)
      const { take } = yield* Coordination
      // Ten seconds ahead, so that the clock does not catch up during the burst.
      yield* take(key, 6)
      const before = yield* freeAt
      yield* Effect.replicateEffect(take(key, limit), burst, { concurrency: "unbounded", discard: true })
      const cost = (yield* freeAt) - before
      assert.approximately(cost, burst * RateLimit.intervalOf(limit), RateLimit.tolerance / 2)
    }).pipe(Effect.provide(connected(redisUrl ?? ""))))
})
