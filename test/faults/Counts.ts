import * as Books from "./Books.ts"
import * as Incidents from "./Incidents.ts"

/** Deliveries whose attempts, their numbers, and the calls that the callbacks got do not bear each other out. */
export const miscounted = ({ deliveries, incidents }: Books.Books, index: Books.Index): ReadonlyArray<string> =>
  deliveries.flatMap((delivery) => {
    const attempts = index.attemptsOf(delivery.id)
    const calls = index.callsOf(delivery.id)
    return [
      ...totals(delivery, attempts),
      ...attempts.flatMap((row) => unborne(row, delivery, calls, incidents)),
      ...uncounted(delivery, attempts, calls)
    ].map((problem) => `delivery ${delivery.id} to ${delivery.destination} ${problem}`)
  })

const totals = (
  { attemptCount, state }: Books.DeliveryRow,
  attempts: ReadonlyArray<Books.AttemptRow>
): ReadonlyArray<string> => {
  const problems: Array<string> = []
  if (attempts.length !== attemptCount) problems.push(`counts ${attemptCount} attempts and has ${attempts.length}`)
  for (const numbers of byGeneration(attempts)) {
    if (numbers.some((number, at) => number !== at + 1)) problems.push(`has attempts ${numbers.join(", ")}`)
  }
  const successes = attempts.filter((_) => _.outcome === "success").length
  if (state === "delivered" && successes !== 1) problems.push(`is delivered with ${successes} successes`)
  return problems
}

const byGeneration = (attempts: ReadonlyArray<Books.AttemptRow>): ReadonlyArray<ReadonlyArray<number>> =>
  [...new Set(attempts.map((_) => _.generation))].map((generation) =>
    attempts.filter((_) => _.generation === generation).map((_) => _.number).toSorted((a, b) => a - b)
  )

/** What was recorded of an attempt, and did not happen. */
const unborne = (
  row: Books.AttemptRow,
  { destination }: Books.DeliveryRow,
  calls: ReadonlyArray<Books.Call>,
  incidents: ReadonlyArray<Books.Incident>
): ReadonlyArray<string> => {
  const { error, httpStatus, number, outcome } = row
  const own = calls.filter((_) => _.attempt === number)
  const isYes = httpStatus !== null && httpStatus >= 200 && httpStatus < 300
  if (isYes !== (outcome === "success")) return [`recorded ${httpStatus} as ${outcome} for attempt ${number}`]
  if (httpStatus !== null) {
    return own.some((_) => _.status === httpStatus)
      ? []
      : [`recorded ${httpStatus} for attempt ${number}, which the callback did not answer`]
  }
  // Every callback can be found, may be called, and has its secret: an attempt can fail at nothing else.
  if (!Books.isTimeout(row) && !Books.isConnection(row)) return [`recorded ${error} for attempt ${number}`]
  return own.length > 0 || incidents.some((_) => Incidents.keepsFromArriving(_, destination, row))
    ? []
    : [`recorded ${error} for attempt ${number}, which never came to the callback`]
}

/** An attempt without a record is made again until it has one. */
const uncounted = (
  delivery: Books.DeliveryRow,
  attempts: ReadonlyArray<Books.AttemptRow>,
  calls: ReadonlyArray<Books.Call>
): ReadonlyArray<string> => {
  if (!Books.hasEnded(delivery)) return []
  const numbers = new Set(attempts.map((_) => _.number))
  return [...new Set(calls.map((_) => _.attempt))]
    .filter((number) => !numbers.has(number))
    .map((number) => `has no record of attempt ${number}, which came to the callback`)
}
