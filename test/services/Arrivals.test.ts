// @effect-diagnostics strictEffectProvide:off
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Option } from "effect"
import * as MemoryCoordination from "../../src/layers/MemoryCoordination.ts"
import * as Arrivals from "../../src/services/Arrivals.ts"
import { Coordination, CoordinationError } from "../../src/services/ports/Coordination.ts"
import { coordinationDown } from "../support/CoordinationDown.ts"
import { listed } from "../support/Listed.ts"

const arriving = (limit: number, ...markKeys: ReadonlyArray<string>): Arrivals.Arriving => ({
  integration: { ...listed, rateLimitPerMinute: Option.some(limit) },
  limited: true,
  markKeys
})

const allowed = ({ decision }: Arrivals.Known) => Option.map(decision, (_) => _.allowed)

describe("what is known of webhooks that arrive", () => {
  it.effect("is asked for all of them at once, and about each only once", () =>
    Effect.gen(function*() {
      const ask = yield* Arrivals.make
      yield* (yield* Coordination).mark([["b", "seen"]], Duration.minutes(1))
      const [one, two, free, three] = [
        arriving(2, "a"),
        arriving(2, "b", "c"),
        { ...arriving(2, "d"), limited: false },
        arriving(2, "e")
      ]
      const known = yield* ask([one, two, free, three])
      assert.deepStrictEqual([one, two, free, three].map((_) => allowed(known(_))), [
        Option.some(true),
        Option.some(true),
        Option.none(),
        Option.some(false)
      ])
      assert.deepStrictEqual([one, two, three].map((_) => known(_).seen), [[false], [true, false], [false]])
      // As a commit does that is tried again one by one.
      const again = yield* ask([one])
      assert.deepStrictEqual(again(one), known(one))
    }).pipe(Effect.provide(MemoryCoordination.layer)))

  it.effect("is nothing without Redis: no limit holds, and no copy was seen", () =>
    Effect.gen(function*() {
      const one = arriving(1, "a", "b")
      const known = yield* (yield* Arrivals.make)([one])
      assert.deepStrictEqual(known(one), { decision: Option.none(), seen: [false, false] })
    }).pipe(Effect.provide(coordinationDown(new CoordinationError({ reason: "Unavailable" })))))
})
