import { assert } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber, Option, TestClock } from "effect"
import { Lanes } from "../../src/services/Lanes.ts"
import { arrive, destination, places, tally, test, unbounded } from "../support/LaneArrivals.ts"

const aWhile = Duration.seconds(1)

test(
  "one destination alone fills no more than its share, and another finds a place at once",
  Effect.gen(function*() {
    const [slow, other] = [yield* destination, yield* destination]
    const attempts = yield* arrive(slow, places)
    assert.deepStrictEqual(yield* tally(attempts), { inside: 11, away: 0 })
    assert.deepStrictEqual(yield* tally(yield* arrive(other, 1)), { inside: 1, away: 0 })
  })
)

test(
  "what waits in a lane that moves gets its turn, and what waits in one that stands is turned away after a moment",
  Effect.gen(function*() {
    const attempts = yield* arrive(yield* destination, places)
    yield* Effect.forEach(attempts.slice(0, 2), (_) => _.end)
    yield* Effect.forEach(attempts.slice(11, 13), ({ entered }) => Deferred.await(entered))
    assert.deepStrictEqual(yield* tally(attempts), { inside: 13, away: 0 })
    yield* TestClock.adjust(aWhile)
    assert.deepStrictEqual(yield* tally(attempts), { inside: 13, away: 3 })
  })
)

test(
  "a place that is given up before the end is another's, and is given up once",
  Effect.gen(function*() {
    const lanes = yield* Lanes
    const one = yield* destination
    yield* lanes.bound(one, { ...unbounded, concurrency: 1 })
    yield* lanes.pass(one, {
      again: Option.none(),
      inside: (called) =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* tally(yield* arrive(one, 1)), { inside: 0, away: 0 })
          yield* called({ took: 0, givesUp: true })
          const [next] = yield* arrive(one, 1)
          yield* called({ took: 0, givesUp: true })
          yield* Effect.yieldNow()
          assert.strictEqual(yield* tally(next === undefined ? [] : [next]).pipe(Effect.map((_) => _.inside)), 0)
        }).pipe(Effect.provideService(Lanes, lanes)),
      otherwise: Effect.die("turned away")
    })
  })
)

test(
  "a lane that has stood for a while turns away at once, until it moves again",
  Effect.gen(function*() {
    const slow = yield* destination
    const attempts = yield* arrive(slow, 11)
    yield* TestClock.adjust(aWhile)
    assert.deepStrictEqual(yield* tally(yield* arrive(slow, 3)), { inside: 0, away: 3 })
    yield* Effect.forEach(attempts.slice(0, 1), (_) => _.end)
    assert.deepStrictEqual(yield* tally(yield* arrive(slow, 2)), { inside: 1, away: 0 })
  })
)

test(
  "a lane that moves too slowly for those that wait keeps only as many as get a place soon",
  Effect.gen(function*() {
    const slow = yield* destination
    const attempts = yield* arrive(slow, 11)
    yield* TestClock.adjust("600 millis")
    yield* Effect.forEach(attempts, (_) => _.end)
    // Eleven places, and attempts of which the average is some 460 ms by now: three come free soon.
    assert.deepStrictEqual(yield* tally(yield* arrive(slow, places)), { inside: 11, away: 2 })
  })
)

test(
  "what comes again gives up its turn as soon as it has to wait, and not before",
  Effect.gen(function*() {
    const slow = yield* destination
    let given = 0
    const pass = (yield* Lanes).pass(slow, {
      again: Option.some(Effect.sync(() => given += 1)),
      inside: () => Effect.void,
      otherwise: Effect.void
    })
    yield* pass
    assert.strictEqual(given, 0)
    yield* arrive(slow, 11)
    const waiting = yield* Effect.fork(pass)
    yield* Effect.yieldNow()
    assert.strictEqual(given, 1)
    yield* Fiber.interrupt(waiting)
  })
)

test(
  "a destination's own limit bounds its lane as soon as it is known",
  Effect.gen(function*() {
    const lanes = yield* Lanes
    const small = yield* destination
    yield* lanes.bound(small, { ...unbounded, concurrency: 2 })
    assert.deepStrictEqual(yield* tally(yield* arrive(small, 4)), { inside: 2, away: 0 })
    yield* TestClock.adjust(aWhile)
    yield* lanes.bound(small, unbounded)
    assert.deepStrictEqual(yield* tally(yield* arrive(small, 1)), { inside: 1, away: 0 })
  })
)

test(
  "a destination that takes no more for a time turns away at once, and takes again when it is over",
  Effect.gen(function*() {
    const lanes = yield* Lanes
    const limited = yield* destination
    yield* lanes.bound(limited, { ...unbounded, closedUntil: 5_000 })
    yield* lanes.held(limited)
    assert.deepStrictEqual(yield* tally(yield* arrive(limited, 2)), { inside: 0, away: 2 })
    assert.deepStrictEqual(yield* lanes.rooms, [])
    yield* TestClock.adjust("5 seconds")
    assert.deepStrictEqual((yield* lanes.rooms).map((_) => _.destinationId), [limited])
    assert.deepStrictEqual(yield* tally(yield* arrive(limited, 2)), { inside: 2, away: 0 })
  })
)

test(
  "an interrupted attempt frees its place, whether it was inside or waiting",
  Effect.gen(function*() {
    const slow = yield* destination
    const attempts = yield* arrive(slow, places)
    yield* Effect.forEach(attempts, ({ fiber }) => Fiber.interrupt(fiber))
    assert.deepStrictEqual(yield* tally(yield* arrive(slow, places)), { inside: 11, away: 0 })
  })
)

test(
  "who waits in a lane that closes is turned away after a moment",
  Effect.gen(function*() {
    const limited = yield* destination
    const attempts = yield* arrive(limited, 12)
    yield* (yield* Lanes).bound(limited, { ...unbounded, closedUntil: 5_000 })
    yield* Effect.forEach(attempts.slice(0, 11), (_) => _.end)
    yield* TestClock.adjust("200 millis")
    assert.deepStrictEqual(yield* tally(attempts), { inside: 11, away: 1 })
  })
)

test(
  "who waits in a lane whose limit is raised, or over, gets a place also where nobody leaves one",
  Effect.gen(function*() {
    const lanes = yield* Lanes
    const narrow = yield* destination
    yield* lanes.bound(narrow, { ...unbounded, concurrency: 1 })
    const attempts = yield* arrive(narrow, 2)
    yield* lanes.bound(narrow, unbounded)
    yield* TestClock.adjust("200 millis")
    assert.deepStrictEqual(yield* tally(attempts), { inside: 2, away: 0 })
  })
)

test(
  "a place that is kept beyond the call counts for as long as it is kept",
  Effect.gen(function*() {
    const slow = yield* destination
    const lanes = yield* Lanes
    yield* lanes.pass(slow, {
      again: Option.none(),
      inside: (called) => Effect.zipRight(called({ took: 1, givesUp: false }), TestClock.adjust("8 seconds")),
      otherwise: Effect.void
    })
    // A second on the average by now: none of eleven places becomes free soon enough for two more.
    assert.deepStrictEqual(yield* tally(yield* arrive(slow, 13)), { inside: 11, away: 1 })
  })
)

test(
  "an attempt that is interrupted just as it gets a place leaves it to others",
  Effect.gen(function*() {
    for (let turns = 0; turns < 8; turns++) {
      const slow = yield* destination
      const attempts = yield* arrive(slow, places)
      const [first, waiting] = [attempts[0], attempts[11]]
      if (first === undefined || waiting === undefined) return assert.fail("there are too few attempts")
      const ending = yield* Effect.fork(first.end)
      yield* Effect.repeatN(Effect.yieldNow(), turns)
      yield* Fiber.interrupt(waiting.fiber)
      yield* Fiber.join(ending)
      yield* Effect.forEach(attempts, ({ fiber }) => Fiber.interrupt(fiber))
      const others = yield* arrive(slow, places)
      assert.deepStrictEqual(yield* tally(others), { inside: 11, away: 0 })
      yield* Effect.forEach(others, ({ fiber }) => Fiber.interrupt(fiber))
    }
  })
)
