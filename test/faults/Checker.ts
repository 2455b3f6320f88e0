import * as Acceptance from "./Acceptance.ts"
import * as Books from "./Books.ts"
import * as Counts from "./Counts.ts"
import * as Forwarding from "./Forwarding.ts"
import * as Incidents from "./Incidents.ts"
import * as Offer from "./Offer.ts"
import * as Repeats from "./Repeats.ts"
import * as Signatures from "./Signatures.ts"

/** How much was right, how much was wrong, and what exactly. */
export interface Verdict {
  readonly accepted: number
  readonly delivered: number
  readonly offer: Offer.Offer
  readonly lost: ReadonlyArray<string>
  readonly neverAccepted: ReadonlyArray<string>
  readonly refused: ReadonlyArray<string>
  readonly rejected: ReadonlyArray<string>
  readonly repeats: Repeats.Repeats
  readonly falseDuplicates: ReadonlyArray<string>
  readonly stuck: ReadonlyArray<string>
  readonly miscounted: ReadonlyArray<string>
  readonly brokenLocks: ReadonlyArray<string>
  readonly lostMessages: ReadonlyArray<string>
  readonly changed: ReadonlyArray<string>
  readonly unbelieved: ReadonlyArray<string>
  readonly misdirected: ReadonlyArray<string>
  readonly badEnds: ReadonlyArray<string>
  readonly badLines: ReadonlyArray<string>
  readonly leftInQueues: ReadonlyArray<string>
  readonly notRecovered: ReadonlyArray<string>
  readonly doctor: ReadonlyArray<string>
  readonly sawNothing: ReadonlyArray<string>
}

/** Compares the three books: what the providers were told, what the callbacks got, what the database says. */
export const judge = (all: Books.Books): Verdict => {
  const books = { ...all, incidents: all.incidents.filter(Incidents.hasHappened) }
  const index = Books.index(books)
  return {
    accepted: books.webhooks.filter(Books.isAccepted).length,
    delivered: books.deliveries.filter((_) => _.state === "delivered").length,
    offer: Offer.of(books),
    lost: lost(books, index),
    neverAccepted: Acceptance.neverAccepted(books),
    refused: Acceptance.refused(books),
    rejected: Acceptance.rejected(books),
    repeats: Repeats.judge(books, index),
    falseDuplicates: Acceptance.misjudgedCopies(books, index),
    stuck: books.deliveries
      .filter((_) => !Books.hasEnded(_))
      .map((_) => `delivery ${_.id} to ${_.destination} is still ${_.state}`),
    miscounted: Counts.miscounted(books, index),
    brokenLocks: books.brokenLocks.map((_) => `${_.key}, held by ${_.holder}, was changed by ${_.by}`),
    lostMessages: lostMessages(books),
    changed: Forwarding.changed(books, index),
    unbelieved: Signatures.unbelieved(books),
    misdirected: Forwarding.misdirected(books, index),
    badEnds: books.badEnds.map((_) => `${_.member} ended with ${_.how}`),
    badLines: books.badLines.map((_) => `${_.member} says: ${_.text}`),
    leftInQueues: books.leftInQueues,
    notRecovered: books.notRecovered,
    doctor: books.doctor,
    sawNothing: books.sawNothing
  }
}

/** Whether nothing is wrong. */
export const isClean = (verdict: Verdict): boolean => failures(verdict).every(([, reasons]) => reasons.length === 0)

/** What makes a run fail, by name. */
export const failures = (verdict: Verdict): ReadonlyArray<readonly [name: string, reasons: ReadonlyArray<string>]> => [
  ["lost", verdict.lost],
  ["never accepted", verdict.neverAccepted],
  ["refused wrongly", verdict.refused],
  ["not believed wrongly", verdict.rejected],
  ["repeated, unexplained", verdict.repeats.unexplained],
  ["false duplicates", verdict.falseDuplicates],
  ["stuck", verdict.stuck],
  ["attempts miscounted", verdict.miscounted],
  ["locks broken", verdict.brokenLocks],
  ["queued messages lost", verdict.lostMessages],
  ["bytes or headers changed", verdict.changed],
  ["signatures wrong", verdict.unbelieved],
  ["misdirected", verdict.misdirected],
  ["ended by themselves", verdict.badEnds],
  ["errors in a log", verdict.badLines],
  ["left in a queue", verdict.leftInQueues],
  ["did not recover", verdict.notRecovered],
  ["the doctor's findings", verdict.doctor],
  ["the harness saw nothing", verdict.sawNothing]
]

const lost = ({ webhooks }: Books.Books, index: Books.Index): ReadonlyArray<string> =>
  webhooks.filter(Books.isAccepted).flatMap((webhook) => {
    const event = index.eventOf(webhook)
    if (event === undefined) return [`${webhook.id} of ${webhook.integration} was accepted, and is not stored`]
    return webhook.wanted.flatMap((destination) => {
      const delivery = index.deliveriesOf(event.id).find((_) => _.destination === destination)
      const what = `${webhook.id} of ${webhook.integration} to ${destination} (event ${event.id})`
      if (delivery === undefined) return [`${what} has no delivery`]
      // What is still open is stuck, and told there.
      if (!Books.hasEnded(delivery)) return []
      if (delivery.state !== "delivered") return [`${what} ended as ${delivery.state}`]
      return index.callsOf(delivery.id).some((_) => _.destination === destination && Books.isSuccess(_))
        ? []
        : [`${what} was never answered with 2xx`]
    })
  })

const lostMessages = ({ finds, incidents }: Books.Books): ReadonlyArray<string> =>
  finds
    .filter((find) => find.queued > 0 && find.because === "the broker lost it")
    .filter((find) => !incidents.some((incident) => Incidents.hidesMessages(incident, find.at)))
    .map((find) => `${find.member} found ${find.queued} queued deliveries whose messages the broker had lost`)
