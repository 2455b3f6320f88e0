import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, FastCheck, Option, Random } from "effect"
import type { Outcome } from "../../src/domain/Judgement.ts"
import * as Judgement from "../../src/domain/Judgement.ts"
import * as NextStep from "../../src/domain/NextStep.ts"
import * as Rungs from "../../src/domain/Rungs.ts"

const policy = { maxRetries: 6, baseDelayMs: 5_000, factor: 3, maxDelayMs: 3_600_000 }
const rungs = Rungs.derive(policy)

const answered = (status: number, retryAfter?: string): Outcome => ({
  _tag: "Answered",
  status,
  retryAfter: Option.fromNullable(retryAfter),
  body: ""
})
const failed = (reason: Judgement.FailureReason): Outcome => ({ _tag: "Failed", reason, message: "it failed" })

const after = (outcome: Outcome, attempt: number) =>
  NextStep.decide(Judgement.judge(outcome, 0), policy, rungs, attempt).pipe(Effect.withRandom(Random.fixed([0.5])))

const retrying = (delayMs: number): NextStep.NextStep => ({ _tag: "Retrying", delayMs })

const cases: ReadonlyArray<readonly [name: string, Outcome, attempt: number, NextStep.NextStep]> = [
  ["a success is delivered", answered(200), 1, { _tag: "Delivered" }],
  ["a success after the last retry is delivered", answered(204), 7, { _tag: "Delivered" }],
  ["410 is dead at once", answered(410), 1, { _tag: "Dead" }],
  ["content that is gone is dead at once", failed("content_missing"), 1, { _tag: "Dead" }],
  ["a first failure waits in the rung of the first delay", answered(500), 1, retrying(5_000)],
  ["the delay of 15 s is as near to 10 s as to 20 s", answered(500), 2, retrying(20_000)],
  ["the delay of 45 s is nearest to 40 s", failed("timeout"), 3, retrying(40_000)],
  ["the last retry waits too", answered(500), 6, retrying(1_280_000)],
  ["a failure after the last retry is dead", answered(500), 7, { _tag: "Dead" }],
  ["a wish does not buy more retries", answered(503, "60"), 7, { _tag: "Dead" }],
  ["a wish longer than the delay is granted, by the next rung", answered(503, "60"), 1, retrying(80_000)],
  ["a wish that is a rung is granted exactly", answered(429, "40"), 1, retrying(40_000)],
  ["a wish shorter than the delay changes nothing", answered(503, "1"), 3, retrying(40_000)],
  ["a wish shorter than the delay, but longer than its rung, is granted", answered(503, "42"), 3, retrying(80_000)],
  ["a wish beyond the cap is granted up to the cap", answered(429, "86400"), 1, retrying(3_600_000)],
  ["a wish beyond all numbers is granted up to the cap", answered(429, "9".repeat(400)), 1, retrying(3_600_000)],
  ["a wish of zero changes nothing", answered(429, "0"), 1, retrying(5_000)],
  ["a wish that came with another status is not heard", answered(500, "60"), 1, retrying(5_000)]
]

describe("the step after an attempt", () => {
  it.effect.each(cases)(
    "%s",
    ([, outcome, attempt, expected]) =>
      Effect.map(after(outcome, attempt), (step) => assert.deepStrictEqual(step, expected))
  )

  it.effect.prop(
    "is a rung that keeps a callback's wish up to the cap, whatever the delay",
    {
      attempt: FastCheck.integer({ min: 1, max: 6 }),
      wish: FastCheck.integer({ min: 0, max: 5_000_000 }),
      seed: FastCheck.integer()
    },
    ({ attempt, seed, wish }) =>
      Effect.gen(function*() {
        const verdict: Judgement.Verdict = { _tag: "Retry", notBefore: Option.some(Duration.millis(wish)) }
        const step = yield* NextStep.decide(verdict, policy, rungs, attempt)
        const delayMs = step._tag === "Retrying" ? step.delayMs : assert.fail(step._tag)
        assert.include(rungs, delayMs)
        assert.isAtLeast(delayMs, Math.min(wish, policy.maxDelayMs))
      }).pipe(Effect.withRandom(Random.make(seed))),
    { fastCheck: { numRuns: 200 } }
  )
})
