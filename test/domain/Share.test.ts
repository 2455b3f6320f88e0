import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as Share from "../../src/domain/Share.ts"

const places = FastCheck.integer({ min: 2, max: 10_000 })
const lanes = FastCheck.integer({ min: 1, max: 50 })

/** What so many lanes hold when each takes all that it may, and what they leave free. */
const greedy = (places: number, lanes: number) => {
  const held = Array.from({ length: lanes }, () => 0)
  const free = () => places - held.reduce((sum, _) => sum + _, 0)
  for (let moved = true; moved;) {
    moved = false
    for (const [lane, count] of held.entries()) {
      if (free() > 0 && count < Share.ofLane(free())) {
        held[lane] = count + 1
        moved = true
      }
    }
  }
  return { held, free: free() }
}

describe("a lane's share", () => {
  it("leaves about a third of the places free when one lane takes all that it may", () => {
    assert.deepStrictEqual(greedy(64, 1), { held: [43], free: 21 })
    assert.deepStrictEqual(greedy(64, 2), { held: [26, 26], free: 12 })
  })

  it("always leaves a place for another destination while there are fewer lanes than half the places", () => {
    FastCheck.assert(FastCheck.property(places, lanes, (places, lanes) => {
      FastCheck.pre(lanes * 2 < places)
      assert.isAbove(greedy(places, lanes).free, 0)
    }))
  })

  it("is known beforehand: how many a lane holds when it has taken all that it may", () => {
    FastCheck.assert(FastCheck.property(places, (places) => {
      assert.strictEqual(greedy(places, 1).held[0], Share.reachOfLane(places))
    }))
  })

  it("gives every lane the same, to one", () => {
    FastCheck.assert(FastCheck.property(places, lanes, (places, lanes) => {
      const { held } = greedy(places, lanes)
      assert.isAtMost(Math.max(...held) - Math.min(...held), 1)
    }))
  })
})

it("a worker has more messages in hand than places, of new events and of those that come again", () => {
  assert.deepStrictEqual([1, 3, 64].map(Share.inHand), [3, 9, 192])
  assert.deepStrictEqual([1, 3, 64].map(Share.retriesInHand), [2, 4, 112])
})

describe("the share of retries", () => {
  it("leaves an eighth of the places to new events, and is never nothing", () => {
    assert.strictEqual(Share.ofRetries(64), 56)
    assert.strictEqual(Share.ofRetries(1), 1)
    assert.deepStrictEqual([1, 64, 256].map(Share.ofTurns), [1, 2, 8])
    FastCheck.assert(FastCheck.property(places, (places) => Share.ofRetries(places) < places))
  })
})
