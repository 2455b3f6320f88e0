// @effect-diagnostics strictEffectProvide:off
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Layer, Option, TestClock } from "effect"
import * as MemoryCoordination from "../../src/layers/MemoryCoordination.ts"
import * as Arrivals from "../../src/services/Arrivals.ts"
import { Coordination, CoordinationError } from "../../src/services/ports/Coordination.ts"
import { coordinationDown } from "../support/CoordinationDown.ts"
import { listed } from "../support/Listed.ts"

const arriving = (limit: number, ...markKeys: ReadonlyArray<string>): Arrivals.Arriving => ({
  integration: { ...listed, rateLimitPerMinute: Option.some(limit) },
  limited: true,
  markKeys
})

/** Answers much too late. */
const hanging = Layer.effect(
  Coordination,
  Effect.map(
    Coordination,
    (real) => Coordination.of({ ...real, ask: (question) => Effect.delay(real.ask(question), "1 minute") })
  )
).pipe(Layer.provide(MemoryCoordination.layer))

const dying = Layer.effect(
  Coordination,
  Effect.map(Coordination, (real) => Coordination.of({ ...real, ask: () => Effect.dieMessage("broken") }))
).pipe(Layer.provide(MemoryCoordination.layer))

const make = Effect.map(
  Arrivals.make,
  (ask) => (one: Arrivals.Arriving) =>
    Effect.async<Arrivals.Known>((resume) => ask(one, (_) => resume(Effect.succeed(_))))
)

/** What asks, and how many marks each question was about. */
const overheard = Effect.gen(function*() {
  const real = yield* Coordination
  const asked: Array<number> = []
  const ask = yield* Effect.provideService(make, Coordination, {
    ...real,
    ask: (question) => Effect.zipRight(Effect.sync(() => asked.push(question.marks.length)), real.ask(question))
  })
  return { asked, ask }
})

const allowed = ({ decision }: Arrivals.Known) => Option.map(decision, (_) => _.allowed)

describe("what is known of webhooks that arrive", () => {
  it.effect("is asked for all of them with one question, each from the budget of its own integration", () =>
    Effect.gen(function*() {
      const { asked, ask } = yield* overheard
      yield* (yield* Coordination).mark(["b"], Duration.minutes(1))
      const known = yield* Effect.forEach(
        [
          arriving(1, "x"),
          arriving(2, "a"),
          arriving(2, "b", "c"),
          arriving(1, "y"),
          { ...arriving(2, "d"), limited: false },
          arriving(2, "e")
        ],
        ask,
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(known.map(allowed), [
        Option.some(true),
        Option.some(true),
        Option.some(true),
        Option.some(false),
        Option.none(),
        Option.some(false)
      ])
      assert.deepStrictEqual(known.map((_) => _.seen), [[false], [false], [true, false], [false], [false], [false]])
      assert.deepStrictEqual(asked, [7])
    }).pipe(Effect.scoped, Effect.provide(MemoryCoordination.layer)))

  it.effect("is asked for with several questions where webhooks of hundreds of events come together", () =>
    Effect.gen(function*() {
      const { asked, ask } = yield* overheard
      const keys = Array.from({ length: 500 }, (_, index) => String(index))
      const known = yield* Effect.forEach(
        Array.from({ length: 25 }, () => arriving(1_000, ...keys)),
        ask,
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(known.map((_) => _.seen.length), known.map(() => keys.length))
      assert.deepStrictEqual(asked, [5_000, 5_000, 2_500])
    }).pipe(Effect.scoped, Effect.provide(MemoryCoordination.layer)))

  it.effect("is nothing without Redis: no limit holds, and no copy was seen", () =>
    Effect.gen(function*() {
      const known = yield* (yield* make)(arriving(1, "a", "b"))
      assert.deepStrictEqual(known, { decision: Option.none(), seen: [false, false] })
    }).pipe(Effect.scoped, Effect.provide(coordinationDown(new CoordinationError({ reason: "Unavailable" })))))

  it.effect("is nothing where asking dies", () =>
    Effect.gen(function*() {
      const known = yield* (yield* make)(arriving(1, "a"))
      assert.deepStrictEqual(known, { decision: Option.none(), seen: [false] })
    }).pipe(Effect.scoped, Effect.provide(dying)))

  it.effect("is nothing where Redis lets them wait, and the time for storing them is left", () =>
    Effect.gen(function*() {
      const ask = yield* make
      const known = yield* Effect.fork(ask(arriving(1, "a")))
      // While a process is stopped no time goes by for those that wait, so it goes in small steps.
      yield* Effect.repeatN(TestClock.adjust("50 millis"), 25)
      assert.deepStrictEqual(yield* Fiber.join(known), { decision: Option.none(), seen: [false] })
      yield* TestClock.adjust("1 minute")
    }).pipe(Effect.scoped, Effect.provide(hanging)))
})
