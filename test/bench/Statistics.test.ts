import { assert, describe, it } from "@effect/vitest"
import * as Statistics from "../../bench/Statistics.ts"

describe("statistics", () => {
  it("give the number that a share does not exceed", () => {
    const numbers = Array.from({ length: 1_000 }, (_, index) => index + 1)
    assert.strictEqual(Statistics.percentile(numbers, 0.5), 500)
    assert.strictEqual(Statistics.percentile(numbers, 0.99), 990)
    assert.strictEqual(Statistics.percentile(numbers, 0.999), 999)
    assert.strictEqual(Statistics.percentile([7], 0.5), 7)
    assert.strictEqual(Statistics.percentile([7], 0.999), 7)
    assert.isNaN(Statistics.percentile([], 0.5))
  })

  it("tell times by name, unsorted ones too", () => {
    assert.deepStrictEqual(Statistics.spread("answer", [30, 10, 20, 40]), {
      "answer p50, ms": 20,
      "answer p95, ms": 40,
      "answer p99, ms": 40,
      "answer p99.9, ms": 40
    })
  })

  it("find the middle, of an even number the mean of two", () => {
    assert.strictEqual(Statistics.median([9, 1, 5]), 5)
    assert.strictEqual(Statistics.median([9, 1, 5, 6]), 5.5)
    assert.isNaN(Statistics.median([]))
  })

  it("compare the numbers of the same rounds, so that a machine that slows down does not decide", () => {
    const ours = new Map([[1, 4_000], [2, 2_000], [3, 1_000]])
    const theirs = new Map([[1, 2_000], [2, 1_000], [3, 500]])
    assert.strictEqual(Statistics.ratio(ours, theirs), 2)
  })

  it("leave out rounds that only one has, and division by nothing", () => {
    assert.strictEqual(Statistics.ratio(new Map([[1, 6], [2, 900]]), new Map([[1, 2], [3, 1]])), 3)
    assert.isNaN(Statistics.ratio(new Map([[1, 6]]), new Map([[1, 0]])))
  })
})
