import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as RateLimit from "../../src/domain/RateLimit.ts"

// As large as a real one, where adding fractions of a millisecond loses most.
const now = 1_790_000_000_123
const minute = RateLimit.windowMs

/** A budget that is used at the given times, in order. */
const use = (limit: number, times: ReadonlyArray<number>, start = 0) => {
  let freeAt = start
  const uses = times.map((time) => {
    const taken = RateLimit.take(limit, freeAt, time)
    freeAt = taken.freeAt
    return { time, ...taken.decision }
  })
  return { uses, freeAt }
}

const times = (count: number, time: number) => Array.from({ length: count }, () => time)

const allowedIn = (limit: number, freeAt: number, time: number, tries: number) =>
  use(limit, times(tries, time), freeAt).uses.filter(({ allowed }) => allowed).length

const limits = FastCheck.integer({ min: 1, max: 60 })
const gaps = FastCheck.array(
  FastCheck.oneof(
    { arbitrary: FastCheck.constant(0), weight: 8 },
    { arbitrary: FastCheck.integer({ min: 0, max: 2_000 }), weight: 8 },
    { arbitrary: FastCheck.double({ min: 0, max: 5_000, noNaN: true }), weight: 4 },
    { arbitrary: FastCheck.integer({ min: 0, max: 150_000 }), weight: 1 }
  ),
  { minLength: 1, maxLength: 300, size: "max" }
).map((gaps) => {
  let time = now
  return gaps.map((gap) => time += gap)
})

describe("a rate limit", () => {
  it.prop(
    "lets a burst of exactly the limit through, and says how many are left",
    [FastCheck.oneof(limits, FastCheck.integer({ min: 1, max: 8_000 })), FastCheck.integer({ min: 0, max: 999 })],
    ([limit, offset]) => {
      const { uses } = use(limit, times(limit + 2, now + offset / 1_000))
      const expected = uses.map((_, index) => ({ allowed: index < limit, remaining: Math.max(0, limit - 1 - index) }))
      assert.deepStrictEqual(uses.map(({ allowed, remaining }) => ({ allowed, remaining })), expected)
    },
    { fastCheck: { numRuns: 100 } }
  )

  it.prop(
    "lets no more than the limit through in a minute, once the burst is used up",
    [limits, gaps],
    ([limit, times]) => {
      const { uses } = use(limit, times)
      for (const { allowed, time: start } of uses) {
        const within = uses.filter(({ allowed, time }) => allowed && time >= start && time < start + minute).length
        assert.isAtMost(within, 2 * limit)
        if (allowed) continue
        const after = uses.filter(({ allowed, time }) => allowed && time > start && time <= start + minute).length
        assert.isAtMost(after, limit)
      }
    }
  )

  it.prop(
    "lets at most the refill through beyond one burst, however long it is used",
    [limits, gaps],
    ([limit, times]) => {
      const { uses } = use(limit, times)
      const allowed = uses.filter(({ allowed }) => allowed).length
      const lasted = (uses.at(-1)?.time ?? now) - now
      assert.isAtMost(allowed, limit + Math.floor((lasted + 1) * limit / minute))
    }
  )

  it("costs nothing to who stays below it", () => {
    const steady = Array.from({ length: 1_000 }, (_, index) => now + index * minute / 7)
    assert.isTrue(use(7, steady).uses.every(({ allowed }) => allowed))
  })

  it.prop("lets exactly as many more through as it says remain", [limits, gaps], ([limit, times]) => {
    const { freeAt, uses } = use(limit, times)
    const last = uses.at(-1) ?? assert.fail("no use")
    assert.strictEqual(allowedIn(limit, freeAt, last.time, limit + 2), last.remaining)
  })

  it.prop("says when the next one is allowed, neither late nor early", [limits, gaps], ([limit, times]) => {
    const { freeAt, uses } = use(limit, [...times, ...Array.from({ length: limit + 1 }, () => times.at(-1) ?? now)])
    const last = uses.at(-1) ?? assert.fail("no use")
    assert.isFalse(last.allowed)
    assert.isAbove(last.retryAfterMs, 0)
    assert.isAtMost(last.retryAfterMs, minute / limit + RateLimit.tolerance)
    assert.strictEqual(allowedIn(limit, freeAt, last.time + last.retryAfterMs, 2), 1)
    const before = last.time + last.retryAfterMs - 2 * RateLimit.tolerance
    if (before > last.time) assert.strictEqual(allowedIn(limit, freeAt, before, 1), 0)
  })

  it.prop("asks nobody to wait who was let through", [limits, gaps], ([limit, times]) => {
    for (const { allowed, retryAfterMs } of use(limit, times).uses) {
      if (allowed) assert.strictEqual(retryAfterMs, 0)
    }
  })

  it.prop("says when the whole budget is free again, neither late nor early", [limits, gaps], ([limit, times]) => {
    const { freeAt, uses } = use(limit, times)
    const last = uses.at(-1) ?? assert.fail("no use")
    assert.strictEqual(allowedIn(limit, freeAt, last.time + last.resetMs, limit + 2), limit)
    assert.isAtMost(last.resetMs, minute + RateLimit.tolerance)
    const before = last.time + last.resetMs - 2 * RateLimit.tolerance
    if (before > last.time) assert.isBelow(allowedIn(limit, freeAt, before, limit + 2), limit)
  })

  it("waits longer, and not for ever, when the clock goes back", () => {
    const { freeAt } = use(10, times(10, now))
    const { decision } = RateLimit.take(10, freeAt, now - 5_000)
    assert.isFalse(decision.allowed)
    assert.strictEqual(decision.remaining, 0)
    assert.closeTo(decision.retryAfterMs, 5_000 + minute / 10, 1)
  })

  it("forgets what was noted by a clock that has gone back far", () => {
    const { freeAt } = use(10, times(10, now))
    assert.strictEqual(allowedIn(10, freeAt, now - 3_600_000, 20), 10)
  })

  it("heeds a limit that was lowered or raised meanwhile", () => {
    const { freeAt } = use(100, times(50, now))
    assert.strictEqual(allowedIn(10, freeAt, now, 20), 5)
    assert.strictEqual(allowedIn(1_000, freeAt, now, 1_000), 500)
  })

  it("at the largest limit lets through not one more than it says", () => {
    const limit = 10_000_000
    const { decision } = RateLimit.take(limit, 0, now)
    assert.strictEqual(decision.remaining, limit - 1)
    assert.isFalse(RateLimit.take(limit, now + minute, now).decision.allowed)
  })

  it("gives each call on credit a time of its own, evenly, and takes no more than an hour's worth", () => {
    let freeAt = 0
    const credit = () => {
      const taken = RateLimit.take(60, freeAt, now, true)
      freeAt = taken.freeAt
      return taken.decision
    }
    const decisions = Array.from({ length: 64 }, credit)
    assert.deepStrictEqual(decisions.map((_) => _.allowed), [...times(60, 1).map(Boolean), false, false, false, false])
    assert.deepStrictEqual(decisions.slice(59).map((_) => _.retryAfterMs), [0, 1_000, 2_000, 3_000, 4_000])
    for (let call = 0; call < 5_000; call += 1) credit()
    assert.isAtMost(freeAt - now, RateLimit.furthestOwed)
    assert.isAtMost(credit().retryAfterMs, RateLimit.furthestOwed)
    // An hour later the budget is whole again.
    assert.strictEqual(allowedIn(60, freeAt, now + RateLimit.furthestOwed, 100), 60)
  })
})
