import { Option, Order } from "effect"

/** When a secret is valid, in milliseconds since the epoch: from a moment on, up to another; null: for ever. */
export interface Window {
  readonly validFrom: number
  readonly validUntil: number | null
}

const byBeginning = Order.mapInput(Order.number, (_: Window) => _.validFrom)

/** The first moment from now on at which none is valid; none when there always is one. */
export const gap = (windows: ReadonlyArray<Window>, now: number): Option.Option<number> => {
  let covered = now
  for (const { validFrom, validUntil } of windows.toSorted(byBeginning)) {
    if (validFrom > covered) break
    if (validUntil === null) return Option.none()
    covered = Math.max(covered, validUntil)
  }
  return Option.some(covered)
}

/** The moment at which a change would leave no valid secret, where without the change there would be one. */
export const opened = (
  before: ReadonlyArray<Window>,
  after: ReadonlyArray<Window>,
  now: number
): Option.Option<number> =>
  Option.filter(gap(after, now), (moment) =>
    Option.match(gap(before, now), {
      onNone: () => true,
      onSome: (already) => moment < already
    }))
