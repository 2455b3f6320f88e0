import { type Report, unsent, type Volley } from "./load/Volley.ts"
import type { Page } from "./sink/Sink.ts"
import * as Ids from "./wire/Ids.ts"

/** What a sender was told of a webhook. Without an answer, or with one that blames the gateway, it may be stored or not. */
export type Fate = "accepted" | "refused" | "unsure"

/** Everything that was sent of one batch. */
export interface Sent {
  readonly batch: string
  /** By the webhook's number. A copy's answer counts for its original. */
  readonly fates: ReadonlyMap<number, Fate>
}

export interface Account {
  readonly sent: ReadonlyArray<Sent>
  /** The ids of those that stand in the database. */
  readonly stored: ReadonlyArray<string>
  /** How many more than those have come to stand there. */
  readonly surplus: number
  readonly pages: ReadonlyArray<Page>
  readonly destinations: ReadonlyArray<string>
  /** How often each delivery is to succeed. */
  readonly times: number
}

const isAccepted = (status: number): boolean => status >= 200 && status < 300

const fateOf = (status: number): Fate =>
  isAccepted(status) ? "accepted" : status === 0 || status >= 500 ? "unsure" : "refused"

const strength: Readonly<Record<Fate, number>> = { refused: 0, unsure: 1, accepted: 2 }

export const sentOf = (
  { batch }: Pick<Volley, "batch">,
  { numbers, statuses }: Pick<Report, "numbers" | "statuses">
) => {
  const fates = new Map<number, Fate>()
  statuses.forEach((status, place) => {
    if (status === unsent) return
    const number = numbers[place] ?? 0
    const fate = fateOf(status)
    const known = fates.get(number)
    if (known === undefined || strength[fate] > strength[known]) fates.set(number, fate)
  })
  return { batch, fates } satisfies Sent
}

/** The ids of all that were sent, whatever was answered. */
export const idsOf = ({ batch, fates }: Sent): ReadonlyArray<string> =>
  Array.from(fates.keys(), (number) => Ids.make(batch, number))

/** How many webhooks of a batch were accepted. */
export const accepted = ({ fates }: Sent): number => {
  let count = 0
  for (const fate of fates.values()) if (fate === "accepted") count += 1
  return count
}

/** Whatever is not as it must be: each that was accepted is stored and delivered, exactly so often, and nothing else is. */
export const problems = ({ destinations, pages, sent, stored, surplus, times }: Account): ReadonlyArray<string> => {
  const byBatch = new Map<string, Set<number>>(sent.map(({ batch }) => [batch, new Set<number>()]))
  for (const id of stored) byBatch.get(Ids.batchOf(id))?.add(Ids.numberOf(id))
  const called = new Map(pages.map((page) => [`${page.destination} ${page.batch}`, page.successes]))
  const all = sent.flatMap(({ batch, fates }) => {
    const numbers = byBatch.get(batch) ?? new Set<number>()
    const id = (number: number) => Ids.make(batch, number)
    const unstored = Array.from(fates).filter(([number, fate]) => fate === "accepted" && !numbers.has(number))
    const unasked = [...numbers].filter((number) => (fates.get(number) ?? "refused") === "refused")
    const delivered = destinations.flatMap((destination) => {
      const successes = called.get(`${destination} ${batch}`) ?? new Uint16Array(0)
      const few = [...numbers].filter((number) => (successes[number] ?? 0) < times)
      const many: Array<number> = []
      successes.forEach((count, number) => {
        if (count > (numbers.has(number) ? times : 0)) many.push(number)
      })
      return [
        tell(`were stored, but not delivered to ${destination} as often as they should`, few.map(id)),
        tell(`were delivered to ${destination} too often`, many.map(id))
      ]
    })
    return [
      tell("were accepted, but are not stored", unstored.map(([number]) => id(number))),
      tell("are stored, though they were refused or never sent", unasked.map(id)),
      ...delivered
    ]
  })
  const spoiled = pages.flatMap((page) =>
    page.spoiled > 0 ? [`${page.spoiled} calls of ${page.batch} had another body`] : []
  )
  const strange = surplus === 0 ? [] : [`${surplus} more are stored than were sent`]
  return [...all.filter((_) => _ !== ""), ...spoiled, ...strange]
}

const tell = (what: string, ids: ReadonlyArray<string>): string =>
  ids.length === 0 ? "" : `${ids.length} ${what}, such as ${ids[0]}`
