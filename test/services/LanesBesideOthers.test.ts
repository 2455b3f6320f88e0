import { assert } from "@effect/vitest"
import { Deferred, type Duration, Effect, TestClock } from "effect"
import { Lanes } from "../../src/services/Lanes.ts"
import { arrive, destination, places, tally, test, unbounded } from "../support/LaneArrivals.ts"

test(
  "a destination with few places waits for one while others hold them all, unless its own limit is what keeps it",
  Effect.gen(function*() {
    const lanes = yield* Lanes
    const others = yield* Effect.forEach(
      Array.from({ length: places }),
      () => Effect.flatMap(destination, (_) => arrive(_, 1))
    )
    const [waiting] = yield* arrive(yield* destination, 1)
    yield* TestClock.adjust("900 millis")
    yield* Effect.forEach(others.flat().slice(0, 1), (_) => _.end)
    assert.isTrue(yield* Deferred.await((yield* Effect.fromNullable(waiting)).entered))

    yield* Effect.forEach(others.flat().slice(1), (_) => _.end)
    const narrow = yield* destination
    yield* lanes.bound(narrow, { ...unbounded, concurrency: 1 })
    const attempts = yield* arrive(narrow, 2)
    yield* TestClock.adjust("200 millis")
    assert.deepStrictEqual(yield* tally(attempts), { inside: 1, away: 1 })
  }).pipe(Effect.orDie)
)

test(
  "what comes again leaves an eighth of the places to new events, whosever they are",
  Effect.gen(function*() {
    const many = yield* Effect.replicateEffect(destination, places)
    const again = yield* Effect.forEach(many, (_) => arrive(_, 1, true))
    assert.deepStrictEqual(yield* tally(again.flat()), { inside: 14, away: 0 })
    const fresh = yield* Effect.forEach(many.slice(-2), (_) => arrive(_, 1))
    assert.deepStrictEqual(yield* tally(fresh.flat()), { inside: 2, away: 0 })
    yield* (yield* Lanes).held(yield* Effect.fromNullable(many[0]))
    assert.deepStrictEqual(yield* (yield* Lanes).rooms, [])
    yield* Effect.forEach(again.flat().slice(0, 2), (_) => _.end)
    assert.deepStrictEqual(yield* tally(again.flat()), { inside: 16, away: 0 })
  }).pipe(Effect.orDie)
)

test(
  "lanes in which some wait take turns for the places that become free",
  Effect.gen(function*() {
    const crowd = yield* Effect.forEach(yield* Effect.replicateEffect(destination, places), (_) => arrive(_, 1))
    const [one, other] = [yield* destination, yield* destination]
    const [many, few] = [yield* arrive(one, 4), yield* arrive(other, 1)]
    yield* Effect.forEach(crowd.flat().slice(0, 2), (_) => _.end)
    assert.deepStrictEqual(yield* tally(many), { inside: 1, away: 0 })
    assert.deepStrictEqual(yield* tally(few), { inside: 1, away: 0 })
  })
)

test(
  "two destinations leave places to what comes again for others",
  Effect.gen(function*() {
    const hanging = yield* Effect.replicateEffect(destination, 2)
    yield* Effect.forEach(hanging, (_) => arrive(_, places, true))
    assert.deepStrictEqual(yield* tally(yield* arrive(yield* destination, 1, true)), { inside: 1, away: 0 })
  })
)

test(
  "nobody waits for much longer than a second, whoever holds the places",
  Effect.gen(function*() {
    yield* Effect.forEach(yield* Effect.replicateEffect(destination, places), (_) => arrive(_, 1))
    const waiting = yield* arrive(yield* destination, 1)
    yield* TestClock.adjust("1 second")
    assert.deepStrictEqual(yield* tally(waiting), { inside: 0, away: 0 })
    yield* TestClock.adjust("200 millis")
    assert.deepStrictEqual(yield* tally(waiting), { inside: 0, away: 1 })
  })
)

test(
  "a quick destination's burst waits while others hold all places, and a slow one's is turned away but for a few",
  Effect.gen(function*() {
    const [quick, slow] = [yield* destination, yield* destination]
    const ended = Effect.fnUntraced(function*(to: typeof quick, after: Duration.DurationInput) {
      const [first] = yield* arrive(to, 1)
      yield* TestClock.adjust(after)
      yield* (yield* Effect.fromNullable(first)).end
    })
    yield* ended(slow, "800 millis")
    yield* ended(quick, "40 millis")
    yield* Effect.forEach(yield* Effect.replicateEffect(destination, places), (_) => arrive(_, 1))
    // Calls take 5 and 100 ms on the average by now, and two places are sure: three of the slow ones are done in 150 ms.
    assert.deepStrictEqual(yield* tally(yield* arrive(slow, 20)), { inside: 0, away: 17 })
    assert.deepStrictEqual(yield* tally(yield* arrive(quick, 20)), { inside: 0, away: 0 })
  }).pipe(Effect.orDie)
)
