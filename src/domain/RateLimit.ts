/**
 * A limit of so many per minute that a caller may use up in a burst and that then refills evenly (GCRA). What is
 * remembered between calls is one time: when the whole budget will be free again.
 */
export interface Decision {
  readonly allowed: boolean
  readonly limit: number
  readonly remaining: number
  /** Milliseconds until the whole budget is free again. */
  readonly resetMs: number
  /** Milliseconds until one more is allowed; zero when it already is. */
  readonly retryAfterMs: number
}

export const windowMs = 60_000

/** What the arithmetic of times since the epoch may lose over a burst of 8,000, in milliseconds. */
export const tolerance = 1

/** What one call costs, in milliseconds of the budget's time. */
export const intervalOf = (limit: number): number => windowMs / limit

/** How far ahead of now, in milliseconds, the budget's time may be after a call that is allowed. */
export const ceilingOf = (limit: number): number => windowMs + slack(intervalOf(limit))

const furthest = 2 * windowMs

/** How far ahead of now, in milliseconds, the budget's time may get by what is taken on credit. */
export const furthestOwed = 60 * windowMs

/**
 * `freeAt` and `now` in milliseconds of the same clock. On credit the call costs its share also where it is not allowed, so
 * that each of those has a time of its own at which it would have been.
 */
export const take = (
  limit: number,
  freeAt: number,
  now: number,
  onCredit = false
): { readonly decision: Decision; readonly freeAt: number } => {
  const from = freeAt - now > horizonOf(onCredit) ? now : Math.max(freeAt, now)
  const next = from + intervalOf(limit)
  const allowed = next - now <= ceilingOf(limit)
  const kept = allowed || next - now <= creditOf(onCredit) ? next : from
  return { freeAt: kept, decision: decide(limit, allowed, kept - now, onCredit) }
}

/** The answers to so many calls at once, where the budget's time is `ahead` milliseconds ahead of now. */
export const takeEach = (limit: number, ahead: number, count: number, onCredit = false): ReadonlyArray<Decision> => {
  let freeAt = ahead
  return Array.from({ length: count }, () => {
    const taken = take(limit, freeAt, 0, onCredit)
    freeAt = taken.freeAt
    return taken.decision
  })
}

/** A time further ahead than this, in milliseconds, means nothing: the clock was set back since it was noted. */
export const horizonOf = (onCredit: boolean): number => onCredit ? furthestOwed + windowMs : furthest

/** How far ahead of now, in milliseconds, a call that is not allowed may still take its share. */
export const creditOf = (onCredit: boolean): number => onCredit ? furthestOwed : 0

/** The answer that follows from the time until the whole budget is free. */
export const decide = (limit: number, allowed: boolean, resetMs: number, onCredit = false): Decision => {
  const interval = intervalOf(limit)
  return {
    allowed,
    limit,
    remaining: Math.max(0, Math.floor((windowMs - resetMs + slack(interval)) / interval)),
    resetMs,
    retryAfterMs: allowed ? 0 : Math.max(0, resetMs + (onCredit ? 0 : interval) - windowMs)
  }
}

// Never as much as would let one more through.
const slack = (interval: number): number => Math.min(tolerance, interval / 2)
