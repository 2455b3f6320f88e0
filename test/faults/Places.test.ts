import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import * as Places from "./Places.ts"

/** Comes with hosts to choose from, notes where it got a place, and stays until it is told to go. */
const visitor = Effect.fnUntraced(function*(places: Places.Places, seen: Array<string>, ...hosts: Array<string>) {
  const leave = yield* Deferred.make<void>()
  const fiber = yield* Effect.fork(
    places.at(hosts, (host) => Effect.zipRight(Effect.sync(() => seen.push(host)), Deferred.await(leave)))
  )
  yield* Effect.yieldNow()
  return { fiber, go: Effect.zipRight(Deferred.succeed(leave, undefined), Fiber.await(fiber)) }
})

describe("places at hosts", () => {
  it.effect("are taken at the first host that has one, and else in the order of coming", () =>
    Effect.gen(function*() {
      const places = Places.make(1)
      const seen: Array<string> = []
      const first = yield* visitor(places, seen, "a", "b")
      const second = yield* visitor(places, seen, "a", "b")
      yield* visitor(places, seen, "a", "b")
      yield* visitor(places, seen, "a")
      assert.deepStrictEqual(seen, ["a", "b"])
      yield* second.go
      assert.deepStrictEqual(seen, ["a", "b", "b"])
      yield* first.go
      assert.deepStrictEqual(seen, ["a", "b", "b", "a"])
    }))

  it.effect("are not kept for those who left the line or their place", () =>
    Effect.gen(function*() {
      const places = Places.make(1)
      const seen: Array<string> = []
      const first = yield* visitor(places, seen, "a")
      const gone = yield* visitor(places, seen, "a")
      yield* Fiber.interrupt(gone.fiber)
      yield* Fiber.interrupt(first.fiber)
      yield* visitor(places, seen, "a")
      assert.deepStrictEqual(seen, ["a", "a"])
    }))
})
