import type { Name } from "./contenders/Contender.ts"
import { type Figures, median, ratio } from "./Statistics.ts"

/** One contender's turn at one measurement. */
export interface Run {
  readonly cell: string
  readonly contender: Name
  readonly round: number
  readonly figures: Figures
  readonly problems: ReadonlyArray<string>
}

/** A figure that is looked for. */
export interface Sought {
  readonly cell: string
  readonly contender: Name
  readonly figure: string
}

export const isValid = ({ problems }: Run): boolean => problems.length === 0

/** A figure by round. What a failed run measured does not count. */
export const byRound = (runs: ReadonlyArray<Run>, { cell, contender, figure }: Sought): ReadonlyMap<number, number> =>
  new Map(runs.flatMap((run) => {
    const value = run.figures[figure]
    return isValid(run) && run.cell === cell && run.contender === contender && value !== undefined
      ? [[run.round, value]]
      : []
  }))

/** The median over the rounds; not a number where no run is valid. */
export const middle = (runs: ReadonlyArray<Run>, sought: Sought): number => median([...byRound(runs, sought).values()])

/** The greatest of all rounds; not a number where no run is valid. */
export const worst = (runs: ReadonlyArray<Run>, sought: Sought): number => {
  const all = [...byRound(runs, sought).values()]
  return all.length === 0 ? Number.NaN : Math.max(...all)
}

/** How many times one figure is another, as the median over the rounds that have both. */
export const times = (runs: ReadonlyArray<Run>, of: Sought, to: Sought): number =>
  ratio(byRound(runs, of), byRound(runs, to))
