// @effect-diagnostics strictEffectProvide:off
import { assert, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber, Layer, TestClock } from "effect"
import { DestinationId } from "../../src/domain/Ids.ts"
import * as Ids from "../../src/services/Ids.ts"
import { Lanes } from "../../src/services/Lanes.ts"
import { Settings } from "../../src/services/Settings.ts"
import * as Grounds from "../support/Grounds.ts"

const places = 16
const unbounded = { concurrency: null, closedUntil: 0 }
const aWhile = Duration.seconds(1)

const test = (name: string, program: Effect.Effect<void, never, Lanes>) =>
  it.effect(name, () =>
    Effect.provide(
      program,
      Layer.provide(Lanes.layer, Layer.succeed(Settings, Grounds.settings({ workerConcurrency: places })))
    ))

const destination = Effect.map(Ids.next, (id) => DestinationId.make(id))

/** Attempts that last until they are told to end, each with what came of its turn: true inside, false turned away. */
const arrive = Effect.fnUntraced(function*(destinationId: DestinationId, count: number, again = false) {
  const lanes = yield* Lanes
  return yield* Effect.forEach(Array.from({ length: count }), () =>
    Effect.gen(function*() {
      const end = yield* Deferred.make<void>()
      const entered = yield* Deferred.make<boolean>()
      const fiber = yield* Effect.fork(lanes.pass(destinationId, {
        again,
        inside: (called) =>
          Deferred.succeed(entered, true).pipe(
            Effect.zipRight(Effect.timed(Deferred.await(end))),
            Effect.flatMap(([took]) => called({ took: Duration.toMillis(took), givesUp: false }))
          ),
        otherwise: Effect.asVoid(Deferred.succeed(entered, false))
      }))
      yield* Effect.yieldNow()
      return { entered, fiber, end: Effect.zipRight(Deferred.succeed(end, undefined), Fiber.join(fiber)) }
    }))
})

type Attempts = Effect.Effect.Success<ReturnType<typeof arrive>>

/** How many are inside, how many were turned away; the others wait. */
const tally = Effect.fnUntraced(function*(attempts: Attempts) {
  const known = yield* Effect.filter(attempts, ({ entered }) => Deferred.isDone(entered))
  const inside = yield* Effect.filter(known, ({ entered }) => Deferred.await(entered))
  return { inside: inside.length, away: known.length - inside.length }
})

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
      again: false,
      inside: (called) =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* tally(yield* arrive(one, 1)), { inside: 0, away: 0 })
          yield* called({ took: 0, givesUp: true })
          const [next] = yield* arrive(one, 1)
          yield* called({ took: 0, givesUp: true })
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
  "what comes again leaves a quarter of the places to new events, whosever they are",
  Effect.gen(function*() {
    const many = yield* Effect.replicateEffect(destination, places)
    const again = yield* Effect.forEach(many, (_) => arrive(_, 1, true))
    assert.deepStrictEqual(yield* tally(again.flat()), { inside: 12, away: 0 })
    const fresh = yield* Effect.forEach(many.slice(-2), (_) => arrive(_, 1))
    assert.deepStrictEqual(yield* tally(fresh.flat()), { inside: 2, away: 0 })
    yield* (yield* Lanes).held(yield* Effect.fromNullable(many[0]))
    assert.deepStrictEqual(yield* (yield* Lanes).rooms, [])
    yield* Effect.forEach(again.flat().slice(0, 2), (_) => _.end)
    assert.deepStrictEqual(yield* tally(again.flat()), { inside: 14, away: 0 })
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
  "room is told only for lanes with held deliveries, in growing numbers until one is turned away again",
  Effect.gen(function*() {
    const lanes = yield* Lanes
    const [busy, idle] = [yield* destination, yield* destination]
    yield* arrive(idle, 1)
    yield* lanes.held(busy)
    const counts = Effect.map(lanes.rooms, (rooms) => rooms.map((_) => [_.destinationId === busy, _.count]))
    assert.deepStrictEqual(
      yield* Effect.replicateEffect(counts, 6),
      [16, 32, 64, 128, 256, 256].map((_) => [[true, _]])
    )
    yield* lanes.held(busy)
    assert.deepStrictEqual(yield* counts, [[true, 16]])
    yield* lanes.drained(busy)
    assert.deepStrictEqual(yield* counts, [])
  })
)

test(
  "of a destination with limits of its own no more are let come at first than it takes",
  Effect.gen(function*() {
    const lanes = yield* Lanes
    const [narrow, limited] = [yield* destination, yield* destination]
    yield* lanes.bound(narrow, { ...unbounded, concurrency: 2 })
    yield* lanes.bound(limited, { ...unbounded, closedUntil: 1_000 })
    yield* Effect.forEach([narrow, limited], lanes.held)
    yield* TestClock.adjust("1 second")
    const counts = Effect.map(lanes.rooms, (rooms) => rooms.map((_) => _.count))
    assert.deepStrictEqual(yield* Effect.replicateEffect(counts, 2), [[2, 1], [4, 2]])
  })
)

test(
  "no room is told for a lane that is full",
  Effect.gen(function*() {
    const lanes = yield* Lanes
    const slow = yield* destination
    yield* lanes.held(slow)
    const attempts = yield* arrive(slow, 11)
    assert.deepStrictEqual(yield* lanes.rooms, [])
    yield* Effect.forEach(attempts.slice(0, 3), (_) => _.end)
    assert.strictEqual((yield* lanes.rooms).length, 1)
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
