import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as Options from "../../bench/Options.ts"

describe("the command line of the bench", () => {
  it.effect("has a default for everything", () =>
    Effect.gen(function*() {
      const options = yield* Options.parse([])
      assert.deepStrictEqual(options.scenario, ["ingest"])
      assert.deepStrictEqual(options.contenders, ["sluice", "by-hand", "limit"])
      assert.deepStrictEqual(options.stored, [10_000, 1_000_000, 10_000_000])
      assert.deepStrictEqual([options.connections, options.seconds], [Option.none(), Option.none()])
    }))

  it.effect("takes lists, and all for every scenario", () =>
    Effect.gen(function*() {
      const options = yield* Options.parse(["--scenario", "drain,growth", "--connections", "8,64", "--body", "0.5,10"])
      assert.deepStrictEqual(options.scenario, ["drain", "growth"])
      assert.deepStrictEqual(options.connections, Option.some([8, 64]))
      assert.deepStrictEqual(options.body, Option.some([0.5, 10]))
      assert.deepStrictEqual((yield* Options.parse(["--scenario", "all"])).scenario, Options.Scenario.literals)
    }))

  it.effect("says what is wrong, each by its name", () =>
    Effect.gen(function*() {
      const { message } = yield* Effect.flip(Options.parse(["--scenario", "ingest,flood", "--rounds", "0.5"]))
      assert.include(message, "--scenario")
      assert.include(message, "flood")
      assert.include(message, "--rounds")
      assert.include((yield* Effect.flip(Options.parse(["--what"]))).message, "--what")
    }))
})
