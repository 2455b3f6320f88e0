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

const refusal = { after: Duration.seconds(8), capacity: 100, error: "too many" }

const allowed = ({ decision }: Arrivals.Known) => Option.map(decision, (_) => _.allowed)

describe("what is known of webhooks that arrive", () => {
  it.effect("is asked for all of them at once", () =>
    Effect.gen(function*() {
      const ask = yield* Arrivals.make(refusal)
      yield* (yield* Coordination).mark([["b", "seen"]], Duration.minutes(1))
      const [one, two, free, three] = [
        arriving(2, "a"),
        arriving(2, "b", "c"),
        { ...arriving(2, "d"), limited: false },
        arriving(2, "e")
      ]
      const known = yield* Effect.forEach([one, two, free, three], ask, { concurrency: "unbounded" })
      assert.deepStrictEqual(known.map(allowed), [
        Option.some(true),
        Option.some(true),
        Option.none(),
        Option.some(false)
      ])
      assert.deepStrictEqual(known.map((_) => _.seen), [[false], [true, false], [false], [false]])
    }).pipe(Effect.scoped, Effect.provide(MemoryCoordination.layer)))

  it.effect("is nothing without Redis: no limit holds, and no copy was seen", () =>
    Effect.gen(function*() {
      const known = yield* (yield* Arrivals.make(refusal))(arriving(1, "a", "b"))
      assert.deepStrictEqual(known, { decision: Option.none(), seen: [false, false] })
    }).pipe(Effect.scoped, Effect.provide(coordinationDown(new CoordinationError({ reason: "Unavailable" })))))
})
