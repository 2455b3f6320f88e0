import type { Scenario } from "./Options.ts"
import * as Results from "./Results.ts"

/** What one scenario's figures are to be. Exactly one bound is told. */
export interface Target {
  readonly name: string
  readonly value: (runs: ReadonlyArray<Results.Run>) => number
  readonly atLeast?: number
  readonly atMost?: number
}

export interface Verdict {
  readonly name: string
  readonly value: number
  readonly wanted: string
  readonly met: boolean
}

const answers = "answers per second"
const deliveries = "deliveries per second"

const ours = (cell: string, figure: string): Results.Sought => ({ cell, contender: "sluice", figure })

/** This gateway's figure beside the hand-written one's. */
const besideByHand = (cell: string, figure: string): Target["value"] => (runs) =>
  Results.times(runs, ours(cell, figure), { cell, contender: "by-hand", figure })

/** This gateway's figure in one cell beside the one in another. */
const besideCell = (cell: string, other: string, figure: string): Target["value"] => (runs) =>
  Results.times(runs, ours(cell, figure), ours(other, figure))

const value = (cell: string, figure: string): Target["value"] => (runs) => Results.middle(runs, ours(cell, figure))

/** The cells of a scenario in their order, for which a pair of words is found. */
const cellWith = (cells: ReadonlyArray<string>, ...words: ReadonlyArray<string>): string =>
  cells.find((cell) => words.every((word) => cell.includes(word))) ?? ""

const pressure = "64 connections, 1 KB"

export const targets = (scenario: Scenario, cells: ReadonlyArray<string>): ReadonlyArray<Target> => {
  switch (scenario) {
    case "ingest":
      return [{ name: `${pressure}: ÷ by-hand`, value: besideByHand(pressure, answers), atLeast: 2 }]
    case "drain":
      return cells.map((cell) => ({ name: "delivery ÷ by-hand", value: besideByHand(cell, deliveries), atLeast: 2 }))
    case "fixed-rate":
      return [
        { name: "accept p99 at 300/s, ms", value: value("300 per second", "accept p99, ms"), atMost: 25 },
        {
          name: "accept to callback p99 at 300/s, ms",
          value: value("300 per second", "accept to callback p99, ms"),
          atMost: 100
        }
      ]
    case "bad-signatures":
      return [{
        name: "refusing ÷ accepting",
        value: besideCell(cellWith(cells, "bad"), cellWith(cells, "new"), answers),
        atLeast: 3
      }]
    case "duplicates":
      return [{
        name: "with copies ÷ without",
        value: besideCell(cellWith(cells, "copies"), cellWith(cells, "new"), answers),
        atLeast: 1
      }]
    case "growth":
      return [
        { of: "ingest", figure: answers },
        { of: "drain", figure: deliveries }
      ].map(({ figure, of }) => {
        const all = cells.filter((cell) => cell.startsWith(of))
        return {
          name: `${of}, most stored ÷ least stored`,
          value: besideCell(all.at(-1) ?? "", all[0] ?? "", figure),
          atLeast: 0.9
        }
      })
    case "waiting":
      return [
        { name: "taking in", figure: answers },
        { name: "delivering", figure: deliveries }
      ].map(({ figure, name }) => ({
        name: `${name}, full queue ÷ empty`,
        value: besideCell(cells.at(-1) ?? "", cells[0] ?? "", figure),
        atLeast: 0.9
      }))
    default:
      return []
  }
}

export const judge = (
  scenario: Scenario,
  cells: ReadonlyArray<string>,
  runs: ReadonlyArray<Results.Run>
): ReadonlyArray<Verdict> =>
  targets(scenario, cells)
    .map(({ atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY, name, value }) => {
      const measured = value(runs)
      return {
        name,
        value: measured,
        wanted: atMost === Number.POSITIVE_INFINITY ? `≥ ${atLeast}` : `≤ ${atMost}`,
        met: measured >= atLeast && measured <= atMost
      }
    })
    // What the command line left out was not measured.
    .filter((_) => !Number.isNaN(_.value))
