import type { Name } from "./contenders/Contender.ts"
import * as Results from "./Results.ts"
import type { Verdict } from "./Targets.ts"

const nameWidth = 44
const width = 12

/** All figures of a scenario: the median of each contender, and how many times the first one's is the second one's. */
export const table = (
  cells: ReadonlyArray<string>,
  contenders: ReadonlyArray<Name>,
  runs: ReadonlyArray<Results.Run>
) =>
  cells.map((cell) => {
    const of = runs.filter((run) => run.cell === cell)
    const present = contenders.filter((contender) => of.some((run) => run.contender === contender))
    const [first, second] = present
    const pair = first !== undefined && second !== undefined ? [first, second] as const : undefined
    const heading = [
      cell.padEnd(nameWidth),
      ...present.map((_) => _.padStart(width)),
      ...(pair === undefined ? [] : [`   ${pair.join(" ÷ ")}`])
    ].join("")
    const figures = [...new Set(of.flatMap((run) => Object.keys(run.figures)))]
    const rows = figures.map((figure) => {
      const sought = (contender: Name): Results.Sought => ({ cell, contender, figure })
      const medians = present.map((contender) => number(Results.middle(of, sought(contender))).padStart(width))
      const ratio = pair === undefined
        ? ""
        : number(Results.times(of, sought(pair[0]), sought(pair[1]))).padStart(width)
      return `  ${figure.padEnd(nameWidth - 2)}${medians.join("")}${ratio}`
    })
    return [heading, ...rows, ...failures(of)].join("\n")
  }).join("\n\n")

const failures = (runs: ReadonlyArray<Results.Run>): ReadonlyArray<string> =>
  runs.flatMap(({ contender, problems, round }) =>
    problems.map((problem) => `  FAILED: ${contender} in round ${round}: ${problem}`)
  )

/** A number to as many places as one reads. */
export const number = (value: number): string => {
  if (Number.isNaN(value)) return "–"
  const size = Math.abs(value)
  return value.toLocaleString("en", { maximumFractionDigits: size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3 })
}

export const verdicts = (all: ReadonlyArray<Verdict>): string =>
  all.map(({ met, name, value, wanted }) =>
    `target ${met ? "met" : "NOT met"}: ${name} is ${number(value)}, wanted ${wanted}`
  ).join("\n")
