// @effect-diagnostics strictEffectProvide:off
import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck, Logger } from "effect"
import * as Texts from "./generators/Texts.ts"
import { runs } from "./Ground.ts"
import * as Judge from "./Judge.ts"

describe("the log", () => {
  it.effect.prop(
    "stays one JSON object a line, whatever texts of strangers come into it",
    [FastCheck.array(FastCheck.tuple(Texts.text, Texts.text, Texts.text), { minLength: 20, maxLength: 20 })],
    ([all]) => {
      const lines: Array<string> = []
      // The logger of every role, see src/layers/Main.ts.
      const overheard = Logger.replace(
        Logger.defaultLogger,
        Logger.map(Logger.jsonLogger, (line) => void lines.push(line))
      )
      return Effect.forEach(
        all,
        ([message, detail, cause]) =>
          Effect.logWarning(message, { [detail]: detail }, new Error(cause)).pipe(
            Effect.annotateLogs({ [detail]: message, requestId: detail })
          )
      ).pipe(
        Effect.provide(overheard),
        Effect.zipRight(Effect.sync(() => {
          assert.lengthOf(lines, all.length)
          assert.deepStrictEqual(lines.flatMap((line) => Judge.logLine(line, [])), [])
        }))
      )
    },
    runs(20)
  )
})
