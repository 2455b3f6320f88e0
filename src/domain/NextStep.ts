import { Duration, Effect, Option } from "effect"
import type { Verdict } from "./Judgement.ts"
import * as RetryPolicy from "./RetryPolicy.ts"
import * as Rungs from "./Rungs.ts"

/** Where a delivery goes after an attempt. `delayMs` is a rung. */
export type NextStep =
  | { readonly _tag: "Delivered" }
  | { readonly _tag: "Dead" }
  | { readonly _tag: "Retrying"; readonly delayMs: number }

/** Decides after attempt `attempt` (1 is the first of its generation). */
export const decide = (
  verdict: Verdict,
  policy: RetryPolicy.RetryPolicy,
  rungs: Rungs.Rungs,
  attempt: number
): Effect.Effect<NextStep> => {
  switch (verdict._tag) {
    case "Delivered":
      return Effect.succeed({ _tag: "Delivered" })
    case "Gone":
    case "Hopeless":
      return Effect.succeed({ _tag: "Dead" })
    case "Retry":
      return Effect.map(
        RetryPolicy.delayAfter(policy, attempt),
        Option.match({
          onNone: (): NextStep => ({ _tag: "Dead" }),
          onSome: (delay) => ({ _tag: "Retrying", delayMs: rungFor(rungs, delay, verdict.notBefore) })
        })
      )
  }
}

const rungFor = (rungs: Rungs.Rungs, delay: Duration.Duration, notBefore: Option.Option<Duration.Duration>): number => {
  const rung = Rungs.nearest(rungs, Duration.toMillis(delay))
  return Option.match(notBefore, {
    onNone: () => rung,
    onSome: (wish) => Math.max(rung, Rungs.atLeast(rungs, Duration.toMillis(wish)))
  })
}
