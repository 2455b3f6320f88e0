import { Array, Effect, Option } from "effect"
import type { Decision } from "../domain/RateLimit.ts"
import type { Listed } from "./Directory.ts"
import { Coordination } from "./ports/Coordination.ts"

/** A webhook that is believed, by the names of its events. */
export interface Arriving {
  readonly integration: Listed
  /** Whether the integration's limit holds for it. */
  readonly limited: boolean
  readonly markKeys: ReadonlyArray<string>
}

/** What is known of it; without Redis nothing, which costs lookups in the database and lets all limits go. */
export interface Known {
  readonly decision: Option.Option<Decision>
  /** Whether a copy of each event was seen lately. */
  readonly seen: ReadonlyArray<boolean>
}

/** Asks Redis about webhooks: one question for many of them, and about each only once. */
export const make = Effect.gen(function*() {
  const coordination = yield* Coordination
  const answers = new WeakMap<Arriving, Known>()

  const decisions = (arriving: ReadonlyArray<Arriving>) =>
    Effect.map(
      Effect.forEach(budgets(arriving), ([key, { callers, limit, onCredit }]) =>
        coordination.takeEach(key, limit, callers.length, onCredit).pipe(
          Effect.map((decisions) =>
            Array.zip(callers, decisions)
          ),
          Effect.orElseSucceed(() => [])
        ), { concurrency: "unbounded" }),
      (taken) =>
        new Map(taken.flat())
    )

  const seen = (arriving: ReadonlyArray<Arriving>) =>
    coordination.marked(arriving.flatMap((_) => _.markKeys)).pipe(
      Effect.map(Array.map(Option.isSome)),
      Effect.orElseSucceed(() => arriving.flatMap((_) => _.markKeys.map(() => false)))
    )

  const ask = (arriving: ReadonlyArray<Arriving>) =>
    Effect.zipWith(decisions(arriving), seen(arriving), (decided, seen) => {
      let from = 0
      for (const one of arriving) {
        answers.set(one, {
          decision: Option.fromNullable(decided.get(one)),
          seen: seen.slice(from, from += one.markKeys.length)
        })
      }
    }, { concurrent: true })

  return (arriving: ReadonlyArray<Arriving>): Effect.Effect<(one: Arriving) => Known> => {
    const news = arriving.filter((one) => !answers.has(one))
    return Effect.as(Effect.when(ask(news), () => news.length > 0), (one) => answers.get(one) ?? unknown(one))
  }
})

const unknown = ({ markKeys }: Arriving): Known => ({ decision: Option.none(), seen: markKeys.map(() => false) })

interface Budget {
  readonly limit: number
  /** A provider that would not send again is not refused: its webhooks wait. */
  readonly onCredit: boolean
  readonly callers: Array<Arriving>
}

const budgets = (arriving: ReadonlyArray<Arriving>): ReadonlyMap<string, Budget> => {
  const found = new Map<string, Budget>()
  for (const one of arriving) {
    const { id, rateLimitPerMinute, retries } = one.integration
    if (!one.limited || Option.isNone(rateLimitPerMinute)) continue
    const limit = rateLimitPerMinute.value
    const key = `limit:${id}:${limit}`
    const budget = found.get(key)
    if (budget === undefined) found.set(key, { limit, onCredit: !retries, callers: [one] })
    else budget.callers.push(one)
  }
  return found
}
