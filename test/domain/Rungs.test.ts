import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as Rungs from "../../src/domain/Rungs.ts"

const delays = FastCheck.record({
  baseDelayMs: FastCheck.oneof(
    FastCheck.integer({ min: 1, max: 1_000 }),
    FastCheck.integer({ min: 1, max: 86_400_000 })
  ),
  maxDelayMs: FastCheck.oneof(
    FastCheck.integer({ min: 1, max: 10_000 }),
    FastCheck.integer({ min: 1, max: 604_800_000 })
  )
})
const delay = FastCheck.oneof(
  FastCheck.integer({ min: 0, max: 20_000 }),
  FastCheck.double({ min: 0, max: 1_000_000_000, noNaN: true })
)

describe("rungs", () => {
  it("double from the base up to the cap", () => {
    assert.deepStrictEqual(Rungs.derive({ baseDelayMs: 5_000, maxDelayMs: 60_000 }), [
      5_000,
      10_000,
      20_000,
      40_000,
      60_000
    ])
    assert.deepStrictEqual(Rungs.derive({ baseDelayMs: 100, maxDelayMs: 400 }), [100, 200, 400])
    assert.deepStrictEqual(Rungs.derive({ baseDelayMs: 100, maxDelayMs: 101 }), [100, 101])
    assert.deepStrictEqual(Rungs.derive({ baseDelayMs: 100, maxDelayMs: 100 }), [100])
    assert.deepStrictEqual(Rungs.derive({ baseDelayMs: 100, maxDelayMs: 50 }), [50])
  })

  it.prop("ascend from the base to the cap, none more than twice the one before", [delays], ([policy]) => {
    const rungs = Rungs.derive(policy)
    assert.strictEqual(rungs[0], Math.min(policy.baseDelayMs, policy.maxDelayMs))
    assert.strictEqual(rungs.at(-1), policy.maxDelayMs)
    assert.isAtMost(rungs.length, 31)
    rungs.reduce((shorter, longer) => {
      assert.isAbove(longer, shorter)
      assert.isAtMost(longer, 2 * shorter)
      return longer
    })
  })

  it.prop("have one that is nearest to a delay, the longer of two", [delays, delay], ([policy, delay]) => {
    const rungs = Rungs.derive(policy)
    const nearest = Rungs.nearest(rungs, delay)
    assert.include(rungs, nearest)
    for (const rung of rungs) {
      const [near, far] = [Math.abs(nearest - delay), Math.abs(rung - delay)]
      assert.isTrue(near < far || (near === far && nearest >= rung), `${rung} is nearer to ${delay} than ${nearest}`)
    }
  })

  it("give a tie to the longer", () => {
    assert.strictEqual(Rungs.nearest([100, 200, 400], 150), 200)
    assert.strictEqual(Rungs.nearest([100, 200, 400], 300), 400)
    assert.strictEqual(Rungs.nearest([100, 200, 400], 149), 100)
  })

  it.prop("have a smallest one that is not shorter than a delay, up to the cap", [delays, delay], ([policy, delay]) => {
    const rungs = Rungs.derive(policy)
    const chosen = Rungs.atLeast(rungs, delay)
    assert.include(rungs, chosen)
    if (delay > policy.maxDelayMs) return assert.strictEqual(chosen, policy.maxDelayMs)
    assert.isAtLeast(chosen, delay)
    for (const rung of rungs) assert.isTrue(rung < delay || rung >= chosen)
  })
})
