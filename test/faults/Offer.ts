import { Array, Order } from "effect"
import type * as Books from "./Books.ts"

/** What the gateway had to do, and how it answered. */
export interface Offer {
  /** Webhooks that were sent for the first time a second, while faults were on or else throughout. */
  readonly sentPerSecond: number
  /** Attempts recorded a second in the same time. */
  readonly attemptsPerSecond: number
  readonly statuses: ReadonlyArray<readonly [status: string, count: number]>
  /** How many calls met each character of the callbacks. */
  readonly characters: ReadonlyArray<readonly [character: string, count: number]>
}

export const of = (books: Books.Books): Offer => {
  const answers = books.webhooks.map((_) => _.answers)
  const sent = answers.filter((_) => _.length > 0).map((all) => Math.min(...all.map((_) => _.sentAt)))
  const recorded = books.attempts.map((_) => _.recordedAt)
  const [from, until] = span(books.incidents.flatMap((_) => [_.from, _.until])) ?? span(sent) ?? [0, 0]
  const perSecond = (times: ReadonlyArray<number>) =>
    until === from ? 0 : times.filter((_) => _ >= from && _ <= until).length / (until - from) * 1_000
  return {
    sentPerSecond: perSecond(sent),
    attemptsPerSecond: perSecond(recorded),
    statuses: count(answers.flat().map(({ status }) => String(status ?? "none"))),
    characters: count(books.calls.map((_) => _.character))
  }
}

const count = (texts: ReadonlyArray<string>): ReadonlyArray<readonly [text: string, count: number]> => {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return Array.sortBy(Order.mapInput(Order.string, ([text]: readonly [string, number]) => text))(counts)
}

const span = (times: ReadonlyArray<number>): readonly [from: number, until: number] | undefined =>
  times.length === 0 ? undefined : times.reduce<readonly [number, number]>(
    ([from, until], at) => [Math.min(from, at), Math.max(until, at)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  )
