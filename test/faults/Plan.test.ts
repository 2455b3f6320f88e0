import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type * as Books from "./Books.ts"
import * as Kinds from "./Kinds.ts"
import * as Plan from "./Plan.ts"
import * as Sample from "./Sample.ts"

const options = (seed: string, changes: Partial<Plan.Options> = {}): Plan.Options => ({
  seed,
  seconds: 220,
  kinds: Kinds.kinds,
  ...changes
})

const seeds = Array.from({ length: 100 }, (_, index) => String(index))

describe("a plan", () => {
  it.effect("is the same for the same seed, and another for another", () =>
    Effect.gen(function*() {
      const one = yield* Plan.make(options("1"))
      assert.deepStrictEqual(yield* Plan.make(options("1")), one)
      assert.notDeepEqual(yield* Plan.make(options("2")), one)
    }))

  it.effect("of five minutes has every kind at least once, overlaps, and ends in time", () =>
    Effect.forEach(seeds, (seed) =>
      Effect.map(Plan.make(options(seed)), (troubles) => {
        assert.sameMembers([...new Set(troubles.map((_) => _.kind))], [...Kinds.kinds])
        const end = Math.max(...troubles.map((_) => _.at + _.seconds))
        assert.isAtMost(end, 220.1)
        assert.isTrue(troubles.some((one, index) => one.at + one.seconds > (troubles[index + 1]?.at ?? end)))
      })))

  it.effect("keeps to the kinds that are asked for, and to their targets and times", () =>
    Effect.forEach(
      seeds,
      (seed) =>
        Effect.map(Plan.make(options(seed, { kinds: ["freeze", "callback-hang"], seconds: 30 })), (troubles) => {
          for (const { kind, seconds, target } of troubles) {
            const shape = Kinds.shapeOf(kind)
            assert.include(["freeze", "callback-hang"], kind)
            assert.include(shape.targets, target)
            assert.isAtMost(seconds, shape.seconds[1])
          }
        })
    ))

  it("tells what was planned and not done, and which character met no call", () => {
    const plan = ["kill", "freeze", "callback-slow", "callback-late"] as const
    const incidents = plan.map((kind): Books.Incident => ({
      kind,
      target: "",
      from: 0,
      until: 0,
      failure: kind === "kill" ? "no" : null
    }))
    const troubles = plan.map((kind) => ({ kind, at: 0, seconds: 0, target: "" }))
    const calls: ReadonlyArray<Books.Call> = [{ ...Sample.call, character: "slow" }]
    assert.deepStrictEqual(Plan.undone(troubles, { incidents }), ["kill was planned and could never be done"])
    assert.deepStrictEqual(Plan.unmet({ calls, incidents }), ["callback-late was done and met no call"])
  })

  it.effect("without kinds is empty", () =>
    Effect.map(Plan.make(options("1", { kinds: [] })), (troubles) => assert.deepStrictEqual(troubles, [])))
})
