import { Array, Duration } from "effect"
import type * as Books from "./Books.ts"
import * as Environment from "./Environment.ts"
import * as Incidents from "./Incidents.ts"

const lease = Duration.toMillis(Environment.lockTtl)
const timeout = Duration.toMillis(Environment.deliveryTimeout)
/** An answer may wait so long for its record before a fault strikes. */
const before = 2_000

/**
 * The deliveries whose callback said yes more than once. That is explained only where the gateway could not know of the
 * earlier answers: none of them has a record of its own, and each came while something kept it from being made.
 */
export const judge = ({ deliveries, incidents }: Books.Books, index: Books.Index) => {
  const windows = incidents.filter(Incidents.keepsFromRecording)
  const isCut = ({ completeAt }: Books.Call): boolean =>
    windows.some(({ from, until }) =>
      completeAt !== null && completeAt >= from - before && completeAt <= until + lease + timeout
    )
  const repeated = deliveries.flatMap((delivery) => {
    const calls = index.callsOf(delivery.id)
    const answers = calls.filter(isComplete).toSorted((a, b) => Number(a.completeAt) - Number(b.completeAt))
    if (answers.length < 2) return []
    const recorded = answers.length - unrecorded(answers, calls, index.attemptsOf(delivery.id))
    const explained = recorded <= 1 && answers.slice(0, -1).every(isCut)
    const times = answers.map((_) => `attempt ${_.attempt} at ${new Date(Number(_.completeAt)).toISOString()}`)
    return [{
      explained,
      text: `delivery ${delivery.id} to ${delivery.destination}: ${times.join(", ")}; ${recorded} of them recorded`
    }]
  })
  const [unexplained, explained] = Array.partition(repeated, (_) => _.explained)
  return { explained: explained.map((_) => _.text), unexplained: unexplained.map((_) => _.text) }
}

const isComplete = ({ completeAt, status }: Books.Call): boolean =>
  completeAt !== null && status !== null && status >= 200 && status < 300

/** How many of the answers no attempt row can belong to. A row belongs to one call of its number. */
const unrecorded = (
  answers: ReadonlyArray<Books.Call>,
  calls: ReadonlyArray<Books.Call>,
  attempts: ReadonlyArray<Books.AttemptRow>
): number =>
  [...new Set(answers.map((_) => _.attempt))].reduce((sum, number) => {
    const row = attempts.find((_) => _.number === number)
    const yes = answers.filter((_) => _.attempt === number).length
    const others = calls.filter((_) => _.attempt === number).length - yes
    const takesOne = row !== undefined && (row.outcome === "success" || others === 0)
    return sum + yes - (takesOne ? 1 : 0)
  }, 0)
