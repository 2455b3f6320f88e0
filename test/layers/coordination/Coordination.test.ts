// @effect-diagnostics strictEffectProvide:off
import { assert, describe, layer } from "@effect/vitest"
import { Clock, Duration, Effect, type Layer } from "effect"
import { randomUUID } from "node:crypto"
import { inject } from "vitest"
import * as MemoryCoordination from "../../../src/layers/MemoryCoordination.ts"
import { Coordination } from "../../../src/services/ports/Coordination.ts"
import { eventually } from "../../support/Eventually.ts"
import { connected } from "./Connected.ts"
import { locks } from "./Locks.ts"
import { isMarked, marked } from "./Marks.ts"

const redisUrl = inject("redisUrl")

const short = Duration.millis(150)
const long = Duration.minutes(5)

/** What the server's clock and ours may differ by, in milliseconds. */
const skew = 5

const key = Effect.sync(() => `test:${randomUUID()}`)

const suite = (coordination: Layer.Layer<Coordination>) =>
  layer(coordination, { excludeTestServices: true })((it) => {
    it.effect("counts a budget down and refuses what goes beyond it", () =>
      Effect.gen(function*() {
        const { take } = yield* Coordination
        const budget = yield* key
        const decisions = yield* Effect.replicateEffect(take(budget, 5), 6)
        assert.deepStrictEqual(decisions.map(({ allowed, limit, remaining }) => [allowed, limit, remaining]), [
          [true, 5, 4],
          [true, 5, 3],
          [true, 5, 2],
          [true, 5, 1],
          [true, 5, 0],
          [false, 5, 0]
        ])
        const [first, last] = [decisions[0], decisions[5]]
        assert.approximately(first?.resetMs ?? 0, 12_000, 1)
        assert.strictEqual(first?.retryAfterMs, 0)
        assert.isAtMost(last?.retryAfterMs ?? 0, 12_000)
        assert.isAbove(last?.retryAfterMs ?? 0, 0)
        assert.isAtMost(last?.resetMs ?? 0, 60_000)
      }))

    it.effect("gives one more when it said it would, and not before", () =>
      Effect.gen(function*() {
        const { take } = yield* Coordination
        const budget = yield* key
        const use = Effect.zip(Clock.currentTimeMillis, take(budget, 120))
        const [askedAt, refused] = yield* Effect.repeat(use, { until: ([, { allowed }]) => !allowed })
        assert.isAtMost(refused.retryAfterMs, 500)
        yield* eventually(take(budget, 120), ({ allowed }) => allowed)
        assert.isAtLeast(yield* Clock.currentTimeMillis, askedAt + refused.retryAfterMs - skew)
      }))

    it.effect("lets concurrent callers have exactly the budget together", () =>
      Effect.gen(function*() {
        const { take } = yield* Coordination
        const budget = yield* key
        const takes = Effect.replicate(take(budget, 5), 100)
        const decisions = yield* Effect.all(takes, { concurrency: "unbounded" })
        assert.strictEqual(decisions.filter((_) => _.allowed).length, 5)
      }))

    it.effect("keeps budgets apart", () =>
      Effect.gen(function*() {
        const { take } = yield* Coordination
        const [one, other] = [yield* key, yield* key]
        yield* take(one, 1)
        assert.isFalse((yield* take(one, 1)).allowed)
        assert.isTrue((yield* take(other, 1)).allowed)
      }))

    it.effect("remembers marks until the time of the latest is over", () =>
      Effect.gen(function*() {
        const { mark } = yield* Coordination
        const [name, other] = [`${yield* key}: ünïcödé \u{1f511} \0 "`, yield* key]
        assert.isFalse(yield* isMarked(name))
        yield* mark([name, other], long)
        assert.deepStrictEqual(yield* marked([name, yield* key, other]), [true, false, true])
        assert.deepStrictEqual(yield* marked([]), [])
        const markedAt = yield* Clock.currentTimeMillis
        yield* mark([name], short)
        yield* eventually(isMarked(name), (isMarked) => !isMarked)
        assert.isAtLeast(yield* Clock.currentTimeMillis, markedAt + Duration.toMillis(short) - skew)
        assert.isTrue(yield* isMarked(other))
      }))

    it.effect("gives a lock to one of many", () =>
      Effect.gen(function*() {
        const { lock } = yield* locks
        const name = yield* key
        const locked = yield* Effect.forEach(
          Array.from({ length: 100 }, (_, index) => `token-${index}`),
          (token) => lock(name, token, long),
          { concurrency: "unbounded" }
        )
        assert.strictEqual(locked.filter((_) => _).length, 1)
      }))

    it.effect("lets only its holder renew or release a lock", () =>
      Effect.gen(function*() {
        const { lock, renew, unlock } = yield* locks
        const name = yield* key
        assert.isTrue(yield* lock(name, "mine", long))
        assert.isFalse(yield* renew(name, "foreign", long))
        yield* unlock(name, "foreign")
        assert.isFalse(yield* lock(name, "foreign", long))
        assert.isTrue(yield* renew(name, "mine", long))
        yield* unlock(name, "mine")
        assert.isFalse(yield* renew(name, "mine", long))
        assert.isTrue(yield* lock(name, "foreign", long))
      }))

    it.effect("takes from a budget on credit, and says when each call would have been allowed", () =>
      Effect.gen(function*() {
        const { ask } = yield* Coordination
        const taking = { key: yield* key, limit: 2, count: 1, onCredit: true }
        const answers = yield* Effect.replicateEffect(ask({ takings: [taking], marks: [] }), 5)
        const decisions = answers.flatMap(({ taken }) => taken.flat())
        assert.deepStrictEqual(decisions.map((_) => _.allowed), [true, true, false, false, false])
        const waits = decisions.slice(2).map((_) => _.retryAfterMs)
        for (const [index, wait] of waits.entries()) assert.approximately(wait, 30_000 * (index + 1), 5_000)
      }))

    it.effect("takes many from several budgets at once as it would one after the other, and looks marks up beside", () =>
      Effect.gen(function*() {
        const { ask, mark, take } = yield* Coordination
        const [together, apart, onCredit, remembered] = [yield* key, yield* key, yield* key, yield* key]
        yield* mark([remembered], long)
        const one = yield* Effect.replicateEffect(take(apart, 5), 7)
        const first = { key: together, limit: 5, count: 3, onCredit: false }
        const owing = { key: onCredit, limit: 2, count: 5, onCredit: true }
        const before = yield* ask({ takings: [first], marks: [] })
        const { marked, taken } = yield* ask({
          takings: [owing, { ...first, count: 4 }],
          marks: [yield* key, remembered]
        })
        assert.deepStrictEqual(marked, [false, true])
        const many = [...before.taken.flat(), ...taken[1] ?? []]
        const told = ({ allowed, limit, remaining }: typeof one[number]) => ({ allowed, limit, remaining })
        assert.deepStrictEqual(many.map(told), one.map(told))
        for (const [index, decision] of many.entries()) {
          assert.approximately(decision.resetMs, one[index]?.resetMs ?? 0, 5_000)
          assert.approximately(decision.retryAfterMs, one[index]?.retryAfterMs ?? 0, 5_000)
        }
        const owed = taken[0] ?? []
        assert.deepStrictEqual(owed.map((_) => _.allowed), [true, true, false, false, false])
        for (const [index, wait] of owed.slice(2).entries()) {
          assert.approximately(wait.retryAfterMs, 30_000 * (index + 1), 1)
        }
      }))

    it.effect("locks, renews and releases many at once, each by itself and in their order", () =>
      Effect.gen(function*() {
        const { lock, renew, unlock } = yield* Coordination
        const [free, taken, twice] = [yield* key, yield* key, yield* key]
        yield* lock([{ key: taken, token: "other" }], long)
        const mine = [free, taken, twice, twice].map((key) => ({ key, token: "mine" }))
        assert.deepStrictEqual(yield* lock(mine, long), [true, false, true, false])
        assert.deepStrictEqual(yield* renew(mine, long), [true, false, true, true])
        yield* unlock(mine.slice(0, 2))
        assert.deepStrictEqual(yield* renew(mine, long), [false, false, true, true])
        assert.deepStrictEqual(yield* renew([{ key: taken, token: "other" }], long), [true])
        yield* unlock([])
        assert.deepStrictEqual(yield* lock([], long), [])
        assert.deepStrictEqual(yield* renew([], long), [])
      }))

    it.effect("does not take a second lock for a renewal, even for its holder", () =>
      Effect.gen(function*() {
        const { lock } = yield* locks
        const name = yield* key
        assert.isTrue(yield* lock(name, "mine", long))
        assert.isFalse(yield* lock(name, "mine", long))
      }))

    it.effect("frees a lock that is not renewed, and then its former holder has no more say in it", () =>
      Effect.gen(function*() {
        const { lock, renew, unlock } = yield* locks
        const name = yield* key
        const lockedAt = yield* Clock.currentTimeMillis
        assert.isTrue(yield* lock(name, "old", short))
        yield* eventually(lock(name, "new", long), (locked) => locked)
        assert.isAtLeast(yield* Clock.currentTimeMillis, lockedAt + Duration.toMillis(short) - skew)
        assert.isFalse(yield* renew(name, "old", long))
        yield* unlock(name, "old")
        assert.isTrue(yield* renew(name, "new", long))
      }))

    it.effect("extends a lock by its renewal, and shortens it too", () =>
      Effect.gen(function*() {
        const { lock, renew } = yield* locks
        const [name, witness] = [yield* key, yield* key]
        assert.isTrue(yield* lock(name, "mine", Duration.seconds(2)))
        assert.isTrue(yield* renew(name, "mine", long))
        assert.isTrue(yield* lock(witness, "mine", Duration.seconds(2)))
        // What was locked later for as long as the lock at first is free again, and the lock is not.
        yield* eventually(lock(witness, "other", long), (locked) => locked)
        assert.isFalse(yield* lock(name, "other", long))
        assert.isTrue(yield* renew(name, "mine", short))
        yield* eventually(lock(name, "other", long), (locked) => locked)
      }))

    it.effect("gives out so many places under a key, and one again when it is left", () =>
      Effect.gen(function*() {
        const { enter, leave } = yield* Coordination
        const name = yield* key
        const tokens = ["a", "b", "c"]
        const entered = Effect.forEach(tokens, (token) => enter(name, token, 2, long))
        assert.deepStrictEqual(yield* entered, [true, true, false])
        // Who has a place keeps it by asking again.
        assert.deepStrictEqual(yield* entered, [true, true, false])
        yield* leave(name, "c")
        assert.isFalse(yield* enter(name, "c", 2, long))
        yield* leave(name, "a")
        assert.isTrue(yield* enter(name, "c", 2, long))
        assert.isTrue(yield* enter(yield* key, "a", 1, long))
      }))

    it.effect("gives a place to somebody else when it is not renewed", () =>
      Effect.gen(function*() {
        const { enter } = yield* Coordination
        const name = yield* key
        assert.isTrue(yield* enter(name, "lost", 1, short))
        assert.isFalse(yield* enter(name, "next", 1, long))
        yield* eventually(enter(name, "next", 1, long), (entered) => entered)
        assert.isFalse(yield* enter(name, "lost", 1, short))
      }))

    it.effect("passes its check", () => Effect.flatMap(Coordination, (_) => _.check))
  })

describe("coordination in memory", () => suite(MemoryCoordination.layer))

describe.runIf(redisUrl !== null)("coordination on Redis", () => {
  const here = connected(redisUrl ?? "")
  suite(here)

  layer(here, { excludeTestServices: true })((it) => {
    it.effect("is shared by processes: budgets, marks, locks and places", () =>
      Effect.gen(function*() {
        const { lock } = yield* locks
        const { enter, mark, take } = yield* Coordination
        const [name, mine, budget, places] = [yield* key, yield* key, yield* key, yield* key]
        yield* enter(places, "here", 1, long)
        yield* lock(name, "here", long)
        yield* mark([mine], long)
        yield* Effect.replicateEffect(take(budget, 2), 2)
        const there = Effect.gen(function*() {
          const { lock } = yield* locks
          const { enter, take } = yield* Coordination
          assert.isFalse(yield* enter(places, "there", 1, long))
          assert.isFalse(yield* lock(name, "there", long))
          assert.isTrue(yield* isMarked(mine))
          assert.isFalse((yield* take(budget, 2)).allowed)
        })
        yield* Effect.provide(there, connected(redisUrl ?? ""))
      }))
  })
})
