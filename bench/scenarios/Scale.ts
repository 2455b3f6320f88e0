import { Option } from "effect"
import * as Acts from "./Acts.ts"
import * as Drain from "./Drain.ts"
import * as Ingest from "./Ingest.ts"
import { type Cell, gateways, type Scenario } from "./Scenario.ts"

const count = 20_000
const crews = [1, 2]

/** Taking in by one API process and by two, and delivering by one worker and by two, turn by turn. */
export const scale: Scenario = {
  contenders: gateways,
  cells: (options) => [
    ...crews.map((apis): Cell => ({
      ...Ingest.cell(options, `ingest, ${Ingest.nameOf(Acts.ordinary)}, APIs: ${apis}`, Acts.ordinary),
      crew: { apis, workers: 1 }
    })),
    ...crews.map((workers): Cell => {
      const waiting = Option.getOrElse(options.count, () => count)
      return {
        name: `drain of ${waiting}, workers: ${workers}`,
        crew: { apis: 1, workers },
        measure: (trial) => Drain.backlog(trial, waiting, 1)
      }
    })
  ]
}
