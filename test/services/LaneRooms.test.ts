import { assert } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import { Lanes } from "../../src/services/Lanes.ts"
import { arrive, destination, test, unbounded } from "../support/LaneArrivals.ts"

test(
  "the room that is told is what the places carry until it is told again, without what is there",
  Effect.gen(function*() {
    const lanes = yield* Lanes
    const one = yield* destination
    const counts = Effect.map(lanes.rooms, (rooms) => rooms.map((_) => _.count))
    const [first] = yield* arrive(one, 1)
    yield* TestClock.adjust("800 millis")
    yield* (yield* Effect.fromNullable(first)).end
    yield* lanes.held(one)
    yield* lanes.rooms
    // A call takes 100 ms on the average by now, and ten places are for what comes again.
    assert.deepStrictEqual(yield* counts, [15])
    yield* arrive(one, 12, true)
    assert.deepStrictEqual(yield* counts, [15 - 12])
    // Who waited has been turned away by then, and eleven could wait beside those ten.
    yield* TestClock.adjust("300 millis")
    assert.deepStrictEqual(yield* counts, [10 + 11 - 10])
    yield* lanes.bound(one, { ...unbounded, closedUntil: 5_000 })
    assert.deepStrictEqual(yield* counts, [])
  }).pipe(Effect.orDie)
)

test(
  "lanes with held deliveries share what room there is, and take turns",
  Effect.gen(function*() {
    const lanes = yield* Lanes
    const all = yield* Effect.replicateEffect(destination, 12)
    yield* Effect.forEach(all, (_) => lanes.held(_))
    const told = Effect.map(lanes.rooms, (rooms) => rooms.map((_) => _.destinationId))
    const [first, next] = [yield* told, yield* told]
    assert.isBelow(first.length, 12)
    assert.deepStrictEqual(next[0], all[first.length])
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
  })
)

test(
  "no room is told when nothing is held any more, unless some has been held since it was told",
  Effect.gen(function*() {
    const lanes = yield* Lanes
    const one = yield* destination
    yield* lanes.held(one)
    const early = yield* lanes.rooms
    yield* lanes.held(one)
    yield* Effect.forEach(early, lanes.drained)
    const late = yield* lanes.rooms
    assert.strictEqual(late.length, 1)
    yield* Effect.forEach(late, lanes.drained)
    assert.deepStrictEqual(yield* lanes.rooms, [])
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
