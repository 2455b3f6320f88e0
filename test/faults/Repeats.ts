import { Array, Duration } from "effect"
import type * as Books from "./Books.ts"
import * as Environment from "./Environment.ts"
import * as Incidents from "./Incidents.ts"

const lease = Duration.toMillis(Environment.lockTtl)
const timeout = Duration.toMillis(Environment.deliveryTimeout)
/** An answer may wait so long for its record before a fault strikes. */
const before = 2_000

/** An answer that comes so shortly before the time limit may cross with the end of the call. */
const crossing = 250
/** Clocks that are further apart than this are not compared. */
const clocksApart = 60_000

/**
 * The deliveries whose callback said yes more than once. That is explained only where the gateway could not know of the
 * earlier answers: they came after the time limit; or they have no record of their own, and each came while something
 * kept it from being made.
 */
export const judge = ({ deliveries, incidents }: Books.Books, index: Books.Index) => {
  const windows = incidents.filter(Incidents.keepsFromRecording)
  const isCut = ({ completeAt }: Books.Call): boolean =>
    windows.some(({ from, until }) =>
      completeAt !== null && completeAt >= from - before && completeAt <= until + lease + timeout
    )
  const repeated = deliveries.flatMap((delivery) => {
    const calls = index.callsOf(delivery.id)
    const attempts = index.attemptsOf(delivery.id)
    const all = calls.filter(isComplete).toSorted((a, b) => Number(a.completeAt) - Number(b.completeAt))
    if (all.length < 2) return []
    const answers = all.filter((call) => !isTooLate(call, attempts))
    const recorded = answers.length - unrecorded(answers, calls, attempts)
    const explained = recorded <= 1 && answers.slice(0, -1).every(isCut)
    const times = all.map((_) => `attempt ${_.attempt} at ${new Date(Number(_.completeAt)).toISOString()}`)
    return [{
      explained,
      text: `delivery ${delivery.id} to ${delivery.destination}: ${times.join(", ")}; ${recorded} recorded, ` +
        `${all.length - answers.length} too late`
    }]
  })
  const [unexplained, explained] = Array.partition(repeated, (_) => _.explained)
  return { explained: explained.map((_) => _.text), unexplained: unexplained.map((_) => _.text) }
}

/** Whether the attempt had run into its time limit when the answer was out. */
const isTooLate = ({ at, attempt, completeAt }: Books.Call, attempts: ReadonlyArray<Books.AttemptRow>): boolean => {
  const row = attempts.find((_) => _.number === attempt && _.outcome === "failure")
  if (row === undefined || completeAt === null) return false
  const begunAt = row.startedAt < at && row.startedAt > at - clocksApart ? row.startedAt : at
  return completeAt - begunAt >= timeout - crossing
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
