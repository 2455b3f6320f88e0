import { assert, describe, it } from "@effect/vitest"
import { Array, Duration, Effect, Either, FastCheck, Option, Random, Schema } from "effect"
import * as RetryPolicy from "../../src/domain/RetryPolicy.ts"

const usual: RetryPolicy.RetryPolicy = { maxRetries: 10, baseDelayMs: 5_000, factor: 3, maxDelayMs: 21_600_000 }

/** The delays after each attempt up to the given one, in milliseconds; null where there is none. */
const delays = (policy: RetryPolicy.RetryPolicy, attempts: number) =>
  Effect.forEach(Array.range(1, attempts), (attempt) => RetryPolicy.delayAfter(policy, attempt)).pipe(
    Effect.map(Array.map((delay) => Option.getOrNull(Option.map(delay, Duration.toMillis))))
  )

const policies = FastCheck.record({
  maxRetries: FastCheck.integer({ min: 0, max: 100 }),
  baseDelayMs: FastCheck.oneof(
    FastCheck.integer({ min: 1, max: 1_000 }),
    FastCheck.integer({ min: 1, max: 86_400_000 })
  ),
  factor: FastCheck.oneof(FastCheck.double({ min: 1, max: 4, noNaN: true }), FastCheck.constantFrom(1, 2, 100)),
  maxDelayMs: FastCheck.integer({ min: 1, max: 604_800_000 })
})

describe("a retry policy", () => {
  it.effect("without chance multiplies the delay up to the cap, and then ends", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* delays(usual, 12), [
        5_000,
        15_000,
        45_000,
        135_000,
        405_000,
        1_215_000,
        3_645_000,
        10_935_000,
        21_600_000,
        21_600_000,
        null,
        null
      ])
    }).pipe(Effect.withRandom(Random.fixed([0.5]))))

  it.effect("spreads the delays by a fifth to either side, and never beyond the cap", () =>
    Effect.gen(function*() {
      const policy = { ...usual, maxRetries: 4, maxDelayMs: 140_000 }
      const at = (chance: number) => Effect.withRandom(delays(policy, 4), Random.fixed([chance]))
      assert.deepStrictEqual(yield* at(0), [4_000, 12_000, 36_000, 108_000])
      assert.deepStrictEqual(yield* at(1), [6_000, 18_000, 54_000, 140_000])
    }))

  it.effect("is decided by the seed alone, and another seed decides otherwise", () =>
    Effect.gen(function*() {
      const seeded = (seed: string) => Effect.withRandom(delays(usual, 8), Random.make(seed))
      assert.deepStrictEqual(yield* seeded("one"), yield* seeded("one"))
      assert.notDeepEqual(yield* seeded("one"), yield* seeded("other"))
    }))

  it.effect.prop(
    "keeps every delay within the bounds of its spread and below the cap",
    { policy: policies, attempt: FastCheck.integer({ min: 1, max: 100 }), seed: FastCheck.integer() },
    ({ attempt, policy, seed }) =>
      Effect.gen(function*() {
        const delay = yield* RetryPolicy.delayAfter({ ...policy, maxRetries: 100 }, attempt)
        const millis = Option.match(delay, { onNone: () => assert.fail("none"), onSome: Duration.toMillis })
        const middle = policy.baseDelayMs * policy.factor ** (attempt - 1)
        const rounding = 1e-6 * Math.min(middle, policy.maxDelayMs) + 1e-6
        assert.isAtLeast(millis, Math.min(0.8 * middle, policy.maxDelayMs) - rounding)
        assert.isAtMost(millis, Math.min(1.2 * middle, policy.maxDelayMs) + rounding)
      }).pipe(Effect.withRandom(Random.make(seed)))
  )

  it.effect.prop(
    "has a delay for exactly as many failures as it allows retries",
    { policy: policies, attempt: FastCheck.integer({ min: 1, max: 110 }) },
    ({ attempt, policy }) =>
      Effect.map(RetryPolicy.delayAfter(policy, attempt), (delay) => {
        assert.strictEqual(Option.isSome(delay), attempt <= policy.maxRetries)
      })
  )

  it("takes only what makes sense", () => {
    const decode = Schema.decodeUnknownEither(RetryPolicy.RetryPolicy)
    assert.isTrue(Either.isRight(decode(usual)))
    assert.isTrue(Either.isRight(decode({ ...usual, maxRetries: 0, factor: 1, baseDelayMs: 1, maxDelayMs: 1 })))
    for (
      const bad of [
        { maxRetries: -1 },
        { maxRetries: 101 },
        { maxRetries: 1.5 },
        { baseDelayMs: 0 },
        { baseDelayMs: 86_400_001 },
        { factor: 0.9 },
        { factor: Number.NaN },
        { factor: 101 },
        { maxDelayMs: 0 },
        { maxDelayMs: 604_800_001 },
        { maxDelayMs: "1000" }
      ]
    ) assert.isTrue(Either.isLeft(decode({ ...usual, ...bad })), JSON.stringify(bad))
  })

  it("may be overridden in part, and not with undefined", () => {
    const decode = Schema.decodeUnknownEither(RetryPolicy.RetryOverrides)
    assert.deepStrictEqual(decode({}), Either.right({}))
    assert.deepStrictEqual(decode({ maxRetries: 3 }), Either.right({ maxRetries: 3 }))
    assert.isTrue(Either.isLeft(decode({ maxRetries: undefined })))
    assert.isTrue(Either.isLeft(decode({ maxRetries: 1_000 })))
  })
})
