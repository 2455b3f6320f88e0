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

  it("do not see a run that lost something, and are not met by the others", () => {
    const runs = [
      run("sluice", 1, 9_000, ["3 were accepted, but are not stored"]),
      run("by-hand", 1, 1_000),
      run("sluice", 2, 2_500),
      run("by-hand", 2, 1_000)
    ]
    const [verdict] = Targets.judge("ingest", [cell], runs)
    assert.isFalse(verdict?.met)
    assert.strictEqual(verdict?.value, 2.5)
    const text = Table.table([cell], ["sluice", "by-hand"], runs)
    assert.include(text, "FAILED: sluice in round 1: 3 were accepted, but are not stored")
    assert.notInclude(text, "9,000")
    assert.notInclude(text, "5,250")
  })

  it("are not met where every run failed", () => {
    const [verdict] = Targets.judge("ingest", [cell], [run("sluice", 1, 9_000, ["lost"]), run("by-hand", 1, 1_000)])
    assert.isFalse(verdict?.met)
    assert.isNaN(verdict?.value)
  })

  it("at a fixed rate are judged by the worst round", () => {
    const cell = "300 per second"
    const at = (round: number, ms: number): Run => ({
      cell,
      contender: "sluice",
      round,
      figures: { "accept p99, ms": ms, "accept to callback p99, ms": 50 },
      problems: []
    })
    const verdicts = Targets.judge("fixed-rate", [cell], [at(1, 10), at(2, 30), at(3, 10)])
    assert.deepStrictEqual(verdicts.map(({ met, value }) => [met, value]), [[false, 30], [true, 50]])
  })

  it("of growth need two sizes", () => {
    const cells = (stored: ReadonlyArray<number>) => stored.map((_) => `ingest, 64 connections, 1 KB, ${_} stored`)
    const grown = (cell: string, perSecond: number): Run => ({ ...run("sluice", 1, perSecond), cell })
    const [few = "", many = ""] = cells([10, 1_000])
    assert.deepStrictEqual(Targets.judge("growth", cells([10]), [grown(few, 1_000)]), [])
    const [verdict, ...more] = Targets.judge("growth", [few, many], [grown(few, 1_000), grown(many, 950)])
    assert.deepStrictEqual([verdict?.name, verdict?.value, verdict?.met], [`${many} ÷ ${few}`, 0.95, true])
    assert.deepStrictEqual(more, [])
  })

  it("that the command line left out are not told", () => {
    assert.deepStrictEqual(Targets.judge("fixed-rate", ["50 per second"], []), [])
  })
})
