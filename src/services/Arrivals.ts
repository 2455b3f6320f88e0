import { Array, Duration, Effect, Exit, Option } from "effect"
import type { Decision } from "../domain/RateLimit.ts"
import * as Batch from "./Batch.ts"
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

const mostAtOnce = 250
const questionsInFlight = 2
const betweenQuestions = Duration.millis(10)

// Who has waited for so long, or finds so many waiting, goes on without: only PostgreSQL is needed to take a webhook in.
const patience = Duration.seconds(1)
const mostWaiting = 2_000

/** What asks Redis about a webhook, with one question about all that wait, and calls `tell` once. */
export const make = Effect.gen(function*() {
  const coordination = yield* Coordination

  const decisions = (budgets: Budgets) =>
    Effect.map(
      Effect.forEach(budgets, ([key, { callers, limit, onCredit }]) =>
        coordination.takeEach(key, limit, callers.length, onCredit).pipe(
          Effect.map((decisions) =>
            Array.zip(callers, decisions)
          ),
          Effect.orElseSucceed(() => [])
        ), { concurrency: "unbounded" }),
      (taken) =>
        new Map(taken.flat())
    )

  const marked = (arriving: ReadonlyArray<Arriving>) =>
    coordination.marked(arriving.flatMap((_) => _.markKeys)).pipe(
      Effect.map(Array.map(Option.isSome)),
      Effect.orElseSucceed((): ReadonlyArray<boolean> => [])
    )

  const ask = (arriving: ReadonlyArray<Arriving>): Effect.Effect<ReadonlyArray<Known>, "unknown"> => {
    const budgets = budgetsOf(arriving)
    return Effect.zipWith(decisions(budgets), marked(arriving), (decided, marked) => {
      let from = 0
      return arriving.map((one): Known => {
        const own = marked.slice(from, from += one.markKeys.length)
        return {
          decision: Option.fromNullable(decided.get(one)),
          seen: one.markKeys.map((_, index) => own[index] === true)
        }
      })
    }, { concurrent: budgets.size > 0 })
  }

  // Who came together goes on together: to one commit, and to one publication.
  const { unsafeSubmit } = yield* Batch.make({
    maxEntries: mostAtOnce,
    parallel: questionsInFlight,
    rest: betweenQuestions,
    commit: (arriving: ReadonlyArray<Arriving>) =>
      Effect.tapErrorCause(ask(arriving), (cause) => Effect.logWarning("Asking Redis about webhooks failed", cause)),
    refusal: { after: patience, capacity: mostWaiting, error: "unknown" as const }
  })
  return (one: Arriving, tell: (known: Known) => void): void =>
    unsafeSubmit(one, (asked) => tell(Exit.getOrElse(asked, () => nothing(one))))
})

const nothing = ({ markKeys }: Arriving): Known => ({ decision: Option.none(), seen: markKeys.map(() => false) })

interface Budget {
  readonly limit: number
  /** A provider that would not send again is not refused: its webhooks wait. */
  readonly onCredit: boolean
  readonly callers: Array<Arriving>
}

type Budgets = ReadonlyMap<string, Budget>

const budgetsOf = (arriving: ReadonlyArray<Arriving>): Budgets => {
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
