import * as Books from "./Books.ts"
import * as Incidents from "./Incidents.ts"
import * as Repeats from "./Repeats.ts"

/** How much was right, how much was wrong, and what exactly. */
export interface Verdict {
  readonly accepted: number
  readonly delivered: number
  readonly lost: ReadonlyArray<string>
  readonly repeats: { readonly explained: ReadonlyArray<string>; readonly unexplained: ReadonlyArray<string> }
  readonly falseDuplicates: ReadonlyArray<string>
  readonly stuck: ReadonlyArray<string>
  readonly miscounted: ReadonlyArray<string>
  readonly brokenLocks: ReadonlyArray<string>
  readonly lostMessages: ReadonlyArray<string>
  readonly changedBodies: ReadonlyArray<string>
  readonly badEnds: ReadonlyArray<string>
  readonly badLines: ReadonlyArray<string>
}

/** Compares the three books: what the providers were told, what the callbacks got, what the database says. */
export const judge = (books: Books.Books): Verdict => {
  const index = Books.index(books)
  return {
    accepted: books.webhooks.filter(Books.isAccepted).length,
    delivered: books.deliveries.filter((_) => _.state === "delivered").length,
    lost: lost(books, index),
    repeats: Repeats.judge(books, index),
    falseDuplicates: falseDuplicates(books, index),
    stuck: books.deliveries.filter(isOpen).map((_) => `delivery ${_.id} to ${_.destination} is still ${_.state}`),
    miscounted: miscounted(books, index),
    brokenLocks: books.brokenLocks.map((_) => `${_.key}, held by ${_.holder}, was changed by ${_.by}`),
    lostMessages: lostMessages(books),
    changedBodies: changedBodies(books, index),
    badEnds: books.badEnds.map((_) => `${_.member} ended with ${_.how}`),
    badLines: books.badLines.map((_) => `${_.member} says: ${_.text}`)
  }
}

/** Whether nothing is wrong. */
export const isClean = (verdict: Verdict): boolean => failures(verdict).every(([, reasons]) => reasons.length === 0)

/** What makes a run fail, by name. */
export const failures = (verdict: Verdict): ReadonlyArray<readonly [name: string, reasons: ReadonlyArray<string>]> => [
  ["lost", verdict.lost],
  ["delivered twice, unexplained", verdict.repeats.unexplained],
  ["false duplicates", verdict.falseDuplicates],
  ["stuck", verdict.stuck],
  ["attempts miscounted", verdict.miscounted],
  ["locks broken", verdict.brokenLocks],
  ["queued messages lost", verdict.lostMessages],
  ["bytes changed", verdict.changedBodies],
  ["ended by themselves", verdict.badEnds],
  ["errors in a log", verdict.badLines]
]

const isOpen = ({ state }: Books.DeliveryRow): boolean => !["delivered", "dead", "cancelled"].includes(state)

const lost = ({ webhooks }: Books.Books, index: Books.Index): ReadonlyArray<string> =>
  webhooks.filter(Books.isAccepted).flatMap((webhook) => {
    const event = index.eventOf(webhook)
    if (event === undefined) return [`${webhook.id} of ${webhook.integration} was accepted, and is not stored`]
    return webhook.wanted.flatMap((destination) => {
      const delivery = index.deliveriesOf(event.id).find((_) => _.destination === destination)
      const what = `${webhook.id} of ${webhook.integration} to ${destination} (event ${event.id})`
      if (delivery === undefined) return [`${what} has no delivery`]
      // What is still open is stuck, and told there.
      if (isOpen(delivery)) return []
      if (delivery.state !== "delivered") return [`${what} ended as ${delivery.state}`]
      return index.callsOf(delivery.id).some(Books.isSuccess) ? [] : [`${what} was never answered with 2xx`]
    })
  })

const falseDuplicates = ({ webhooks }: Books.Books, index: Books.Index): ReadonlyArray<string> =>
  webhooks.flatMap((webhook) =>
    webhook.answers.filter(Books.isAcceptance).flatMap(({ duplicate, eventId }) => {
      const stored = index.eventOf(webhook)?.id
      return eventId === stored
        ? []
        : [`${webhook.id} of ${webhook.integration}: told ${eventId} (duplicate ${duplicate}), stored ${stored}`]
    })
  )

const miscounted = ({ deliveries }: Books.Books, index: Books.Index): ReadonlyArray<string> =>
  deliveries.flatMap((delivery) => {
    const attempts = index.attemptsOf(delivery.id)
    const problems: Array<string> = []
    if (attempts.length !== delivery.attemptCount) {
      problems.push(`counts ${delivery.attemptCount} attempts and has ${attempts.length}`)
    }
    for (const numbers of byGeneration(attempts)) {
      if (numbers.some((number, at) => number !== at + 1)) problems.push(`has attempts ${numbers.join(", ")}`)
    }
    const successes = attempts.filter((_) => _.outcome === "success").length
    if (delivery.state === "delivered" && successes !== 1) {
      problems.push(`is delivered with ${successes} successes`)
    }
    for (const { httpStatus, number } of attempts) {
      if (httpStatus === null) continue
      if (!index.callsOf(delivery.id).some((_) => _.attempt === number && _.status === httpStatus)) {
        problems.push(`recorded ${httpStatus} for attempt ${number}, which the callback did not answer`)
      }
    }
    return problems.map((problem) => `delivery ${delivery.id} to ${delivery.destination} ${problem}`)
  })

const byGeneration = (attempts: ReadonlyArray<Books.AttemptRow>): ReadonlyArray<ReadonlyArray<number>> =>
  [...new Set(attempts.map((_) => _.generation))].map((generation) =>
    attempts.filter((_) => _.generation === generation).map((_) => _.number).toSorted((a, b) => a - b)
  )

const changedBodies = ({ calls, webhooks }: Books.Books, index: Books.Index): ReadonlyArray<string> => {
  const hashes = new Map(webhooks.map((_) => [index.eventOf(_)?.id, _.hash]))
  return calls
    .filter((call) => hashes.get(call.eventId) !== call.hash)
    .map((call) => `event ${call.eventId} came to ${call.destination} with another body than was sent`)
}

const lostMessages = ({ finds, incidents }: Books.Books): ReadonlyArray<string> =>
  finds
    .filter((find) => find.queued > 0 && find.because === "the broker lost it")
    .filter((find) => !incidents.some((incident) => Incidents.hidesMessages(incident, find.at)))
    .map((find) => `${find.member} found ${find.queued} queued deliveries whose messages the broker had lost`)
