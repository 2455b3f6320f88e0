import { Effect } from "effect"
import * as Assistant from "../test/support/Assistant.ts"
import type { Report, Said, Told, Volley } from "./load/Volley.ts"
import { program } from "./Program.ts"

/** The load generator, a process of its own. */
export interface Generator {
  readonly pid: number
  /** Signs everything beforehand; the effect within sends it. */
  readonly load: (volley: Volley) => Effect.Effect<Effect.Effect<Report>>
}

export const start = Effect.map(
  Assistant.start<Told, Said>(program("load/process.js")),
  ({ ask, pid }): Generator => ({
    pid,
    load: (volley) =>
      Effect.as(
        ask({ tell: "load", volley }),
        Effect.flatMap(
          ask({ tell: "fire" }),
          (said) => said.say === "report" ? Effect.succeed(said.report) : Effect.dieMessage(`no report but ${said.say}`)
        )
      )
  })
)
