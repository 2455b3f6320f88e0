import type { RetryPolicy } from "./RetryPolicy.ts"

/** The delays of the TTL queues in milliseconds, ascending: base·2^k below the cap, then the cap. */
export type Rungs = readonly [shortest: number, ...longer: Array<number>]

export const derive = ({ baseDelayMs, maxDelayMs }: Pick<RetryPolicy, "baseDelayMs" | "maxDelayMs">): Rungs => {
  if (baseDelayMs >= maxDelayMs) return [maxDelayMs]
  const longer: Array<number> = []
  for (let delay = baseDelayMs * 2; delay < maxDelayMs; delay *= 2) longer.push(delay)
  return [baseDelayMs, ...longer, maxDelayMs]
}

/** The rung nearest to the delay; of two as near, the longer. */
export const nearest = (rungs: Rungs, delayMs: number): number =>
  rungs.reduce((best, rung) => Math.abs(rung - delayMs) <= Math.abs(best - delayMs) ? rung : best)

/** The smallest rung that is not shorter than the delay, or the longest there is. */
export const atLeast = (rungs: Rungs, delayMs: number): number =>
  rungs.find((rung) => rung >= delayMs) ?? Math.max(...rungs)
