import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as Roster from "../../src/services/Roster.ts"

/** Enters a value, or takes out the one that was entered so many before. */
const steps = FastCheck.array(FastCheck.oneof(FastCheck.constant("enter" as const), FastCheck.nat(20)), {
  maxLength: 100
})

describe("a roster", () => {
  it.prop("holds what was entered and not taken out, in its order", [steps], ([steps]) => {
    const roster = Roster.make<number>()
    const leaves: Array<() => void> = []
    let model: Array<number> = []
    for (const step of steps) {
      if (step === "enter") {
        model.push(leaves.length)
        leaves.push(roster.enter(leaves.length))
      } else {
        const number = leaves.length - 1 - step
        leaves[number]?.()
        model = model.filter((_) => _ !== number)
      }
      assert.deepStrictEqual([...roster], model)
      assert.strictEqual(roster.first(), model[0])
    }
  })

  it("is walked through to its end while those that are met leave it", () => {
    const roster = Roster.make<() => void>()
    const met: Array<number> = []
    for (const number of [0, 1, 2]) {
      const leave = roster.enter(() => {
        met.push(number)
        leave()
      })
    }
    for (const meet of roster) meet()
    assert.deepStrictEqual(met, [0, 1, 2])
    assert.deepStrictEqual([...roster], [])
  })
})
