/** When the next are due at a steady rate. What cannot be offered is owed, and made up as soon as it can be. */
export interface Pace {
  /** How many to offer now, where there is room for so many. */
  readonly take: (now: number, room: number) => number
  /** How many fewer were offered than were due. */
  readonly skipped: () => number
}

/** More is never owed: what is beyond it is not made up. */
export const mostOwed = 3_000
/** What is owed is made up by sending at most so many times as fast. */
const haste = 2

/** `rate` is a second's, `startedAt` and `now` are milliseconds. */
export const start = (rate: number, startedAt: number): Pace => {
  let due = 0
  let offered = 0
  let lapsed = 0
  return {
    take: (now, room) => {
      const before = due
      due = Math.max(before, Math.floor((now - startedAt) * rate / 1_000))
      const owed = due - offered - lapsed
      const count = Math.max(0, Math.min(owed, (due - before) * haste, room))
      offered += count
      lapsed += Math.max(0, owed - count - mostOwed)
      return count
    },
    skipped: () => due - offered
  }
}
