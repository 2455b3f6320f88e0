/** What was measured, by its name with its unit. */
export type Figures = Readonly<Record<string, number>>

/** The least of the numbers that so great a share of them does not exceed. */
export const percentile = (sorted: ArrayLike<number>, share: number): number =>
  sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? Number.NaN

const shares = { p50: 0.5, p95: 0.95, p99: 0.99, "p99.9": 0.999 }

/** The percentiles of times in milliseconds, exactly. */
export const spread = (what: string, millis: Iterable<number>): Figures => {
  const sorted = Float64Array.from(millis).toSorted()
  return Object.fromEntries(
    Object.entries(shares).map(([name, share]) => [`${what} ${name}, ms`, percentile(sorted, share)])
  )
}

/** The middle one, or the mean of the two in the middle. */
export const median = (numbers: ReadonlyArray<number>): number => {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return sorted.length % 2 === 1
    ? sorted[Math.floor(middle)] ?? Number.NaN
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}

/**
 * How many times one is another, by the numbers of the same rounds: a machine that drifts has drifted for both. Rounds
 * that lack one of the two do not count.
 */
export const ratio = (
  of: ReadonlyMap<number, number>,
  to: ReadonlyMap<number, number>
): number =>
  median(
    Array.from(of).flatMap(([round, number]) => {
      const other = to.get(round)
      return other === undefined || other === 0 ? [] : [number / other]
    })
  )
