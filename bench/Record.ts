import { Clock, Effect, Option } from "effect"
import { execFileSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { cpus, totalmem } from "node:os"
import { fileURLToPath } from "node:url"
import type { Ground } from "./Ground.ts"
import type { Scenario } from "./Options.ts"
import type { Run } from "./Results.ts"
import type { Verdict } from "./Targets.ts"

export interface Found {
  readonly scenario: Scenario
  readonly runs: ReadonlyArray<Run>
  readonly verdicts: ReadonlyArray<Verdict>
}

const folder = new URL("results/", import.meta.url)

/** A name for what belongs to one run of a scenario. */
export const name = (scenario: Scenario): Effect.Effect<string> =>
  Effect.map(Clock.currentTimeMillis, (now) => `${scenario}-${new Date(now).toISOString().replaceAll(/[:.]/g, "-")}`)

/** The folder for the CPU profiles of a run. */
export const profiles = (name: string): Effect.Effect<string> =>
  Effect.sync(() => {
    const path = fileURLToPath(new URL(`profiles/${name}`, folder))
    mkdirSync(path, { recursive: true })
    return path
  })

/** Writes all that was found, with what one has to know of the machine; the file's path. */
export const write = Effect.fn("Record.write")(function*(name: string, { sql }: Ground, found: Found) {
  const [row] = yield* Effect.orDie(sql<{ readonly server_version: string }>`SHOW server_version`)
  const machine = {
    cpus: cpus().map((_) => _.model),
    memoryMB: Math.round(totalmem() / 2 ** 20),
    node: process.version,
    postgres: row?.server_version
  }
  return yield* Effect.sync(() => {
    mkdirSync(folder, { recursive: true })
    const path = fileURLToPath(new URL(`${name}.json`, folder))
    const content = { command: process.argv.slice(2).join(" "), revision: revision(), machine, ...found }
    writeFileSync(path, `${JSON.stringify(content, null, 1)}\n`)
    return path
  })
})

/** The commit, with `-dirty` behind it where files differ from it. */
const revision = (): string | null =>
  Option.getOrNull(
    Option.liftThrowable(() =>
      execFileSync("git", ["describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"], {
        encoding: "utf8",
        cwd: folder
      }).trim()
    )()
  )
