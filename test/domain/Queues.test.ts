import { assert, describe, it } from "@effect/vitest"
import * as Queues from "../../src/domain/Queues.ts"

const names = { process: "ig.process", retry: "ig.retry", replay: "ig.replay", deadLetter: "ig.dead" }

describe("the queues", () => {
  it("have their given names, and one rung for each delay with the delay in its name", () => {
    const { rung, ...queues } = Queues.make(names, [5_000, 10_000])
    assert.deepStrictEqual(queues, {
      process: "ig.process",
      retry: "ig.retry",
      replay: "ig.replay",
      deadLetter: "ig.dead",
      rungs: [{ name: "ig.retry.5000", delayMs: 5_000 }, { name: "ig.retry.10000", delayMs: 10_000 }]
    })
    assert.strictEqual(rung(10_000), "ig.retry.10000")
  })
})
