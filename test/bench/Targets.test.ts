import { assert, describe, it } from "@effect/vitest"
import type { Name } from "../../bench/contenders/Contender.ts"
import type { Run } from "../../bench/Results.ts"
import * as Table from "../../bench/Table.ts"
import * as Targets from "../../bench/Targets.ts"

const cell = "64 connections, 1 KB"

const run = (contender: Name, round: number, perSecond: number, problems: ReadonlyArray<string> = []): Run => ({
  cell,
  contender,
  round,
  figures: { "answers per second": perSecond },
  problems
})

describe("targets", () => {
  it("are judged by the ratios of the rounds", () => {
    const runs = [run("sluice", 1, 4_000), run("by-hand", 1, 1_900), run("sluice", 2, 2_000), run("by-hand", 2, 900)]
    const [verdict] = Targets.judge("ingest", [cell], runs)
    assert.isTrue(verdict?.met)
    assert.closeTo(verdict?.value ?? 0, 2.16, 0.01)
  })

  it("do not see a run that lost something", () => {
    const runs = [
      run("sluice", 1, 9_000, ["3 were accepted, but are not stored"]),
      run("by-hand", 1, 1_000),
      run("sluice", 2, 1_500),
      run("by-hand", 2, 1_000)
    ]
    const [verdict] = Targets.judge("ingest", [cell], runs)
    assert.isFalse(verdict?.met)
    assert.strictEqual(verdict?.value, 1.5)
    const text = Table.table([cell], ["sluice", "by-hand"], runs)
    assert.include(text, "FAILED: sluice in round 1: 3 were accepted, but are not stored")
    assert.notInclude(text, "9,000")
    assert.notInclude(text, "5,250")
  })

  it("that the command line left out are not told", () => {
    assert.deepStrictEqual(Targets.judge("fixed-rate", ["50 per second"], []), [])
  })
})
