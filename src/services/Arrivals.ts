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
// A webhook that is split has hundreds, and nobody else is answered while Redis looks them up.
const marksAtOnce = 5_000
const questionsInFlight = 2
const betweenQuestions = Duration.millis(10)

// Who has waited for so long, or finds so many waiting, goes on without: only PostgreSQL is needed to take a webhook in.
const patience = Duration.seconds(1)
const mostWaiting = 2_000

/** What asks Redis about a webhook, with one question about all that wait, and calls `tell` once. */
export const make = Effect.gen(function*() {
  const coordination = yield* Coordination

  const ask = (arriving: ReadonlyArray<Arriving>): Effect.Effect<ReadonlyArray<Known>> => {
    const budgets = budgetsOf(arriving)
    return coordination.ask({
      takings: budgets.map(({ callers, key, limit, onCredit }) => ({ key, limit, count: callers.length, onCredit })),
      marks: arriving.flatMap((_) => _.markKeys)
    }).pipe(
      Effect.map(({ marked, taken }) => {
        const decisions = new Map(Array.zip(budgets, taken).flatMap(([{ callers }, each]) => Array.zip(callers, each)))
        let from = 0
        return arriving.map((one): Known => ({
          decision: Option.fromNullable(decisions.get(one)),
          seen: marked.slice(from, from += one.markKeys.length)
        }))
      }),
      Effect.orElseSucceed(() => arriving.map(nothing))
    )
  }

  // Who came together goes on together: to one commit, and to one publication.
  const { unsafeSubmit } = yield* Batch.make({
    maxEntries: mostAtOnce,
    maxWeight: marksAtOnce,
    weigh: ({ markKeys }: Arriving) => markKeys.length,
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
  readonly key: string
  readonly limit: number
  /** A provider that would not send again is not refused: its webhooks wait. */
  readonly onCredit: boolean
  readonly callers: Array<Arriving>
}

const budgetsOf = (arriving: ReadonlyArray<Arriving>): ReadonlyArray<Budget> => {
  const found = new Map<string, Budget>()
  for (const one of arriving) {
    const { id, rateLimitPerMinute, retries } = one.integration
    if (!one.limited || Option.isNone(rateLimitPerMinute)) continue
    const limit = rateLimitPerMinute.value
    const key = `limit:${id}:${limit}`
    const budget = found.get(key)
    if (budget === undefined) found.set(key, { key, limit, onCredit: !retries, callers: [one] })
    else budget.callers.push(one)
  }
  return [...found.values()]
}
