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
const deliveries = "deliveries per second, warm"

const ours = (cell: string, figure: string): Results.Sought => ({ cell, contender: "sluice", figure })

/** This gateway's figure beside the hand-written one's. */
const besideByHand = (cell: string, figure: string): Target["value"] => (runs) =>
  Results.times(runs, ours(cell, figure), { cell, contender: "by-hand", figure })

/** This gateway's figure in one cell beside the one in another. */
const besideCell = (cell: string, other: string, figure: string): Target["value"] => (runs) =>
  Results.times(runs, ours(cell, figure), ours(other, figure))

const worst = (cell: string, figure: string): Target["value"] => (runs) => Results.worst(runs, ours(cell, figure))

const steadyMegabytes = { api: 150, worker: 200 }
/** What a heap differs by from one third of an hour to the next without growing. */
const flatMegabytes = 20

/** That a process keeps to so much memory, and to what it had before. */
const steady = (cells: ReadonlyArray<string>, roles: ReadonlyArray<"api" | "worker">): ReadonlyArray<Target> =>
  cells.flatMap((cell) =>
    roles.flatMap((role) => [
      {
        name: `${cell}: ${role} memory, MB`,
        value: worst(cell, `${role} memory in the last third, MB`),
        atMost: steadyMegabytes[role]
      },
      flat(cell, role)
    ])
  )

const flat = (cell: string, role: string): Target => ({
  name: `${cell}: growth of ${role} memory, MB`,
  value: worst(cell, `${role} memory more than in the second third, MB`),
  atMost: flatMegabytes
})

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
        { name: "accept p99 at 300/s, ms", value: worst("300 per second", "accept p99, ms"), atMost: 25 },
        {
          name: "accept to callback p99 at 300/s, ms",
          value: worst("300 per second", "accept to callback p99, ms"),
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
    case "soak":
      return steady(cells, ["api", "worker"])
    case "growth":
      return [
        { of: "ingest", figure: answers },
        { of: "duplicates", figure: answers },
        { of: "drain", figure: deliveries }
      ].flatMap(({ figure, of }) => {
        const all = cells.filter((cell) => cell.startsWith(of))
        const [least, most] = [all[0] ?? "", all.at(-1) ?? ""]
        return least === most
          ? []
          : [{ name: `${most} ÷ ${least}`, value: besideCell(most, least, figure), atLeast: 0.9 }]
      })
    case "waiting":
      return [
        ...["api", "worker"].map((role) => flat(cells.at(-1) ?? "", role)),
        ...[
          { name: "taking in", figure: answers },
          { name: "delivering", figure: deliveries }
        ].map(({ figure, name }) => ({
          name: `${name}, full queue ÷ empty`,
          value: besideCell(cells.at(-1) ?? "", cells[0] ?? "", figure),
          atLeast: 0.9
        }))
      ]
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
        met: measured >= atLeast && measured <= atMost && runs.every(Results.isValid)
      }
    })
    // What the command line left out was not measured; what failed was.
    .filter((_) => !Number.isNaN(_.value) || !runs.every(Results.isValid))
