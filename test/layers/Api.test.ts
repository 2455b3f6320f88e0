// @effect-diagnostics strictEffectProvide:off
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import * as Api from "../../src/layers/Api.ts"
import { Settings } from "../../src/services/Settings.ts"
import * as Grounds from "../support/Grounds.ts"

it.effect("an API whose delivery sink is open says so, and how to switch it off", () =>
  Effect.gen(function*() {
    for (const deliverySink of [true, false]) {
      const lines: Array<string> = []
      const heard = Logger.make(({ message }) => void lines.push(String(message)))
      yield* Effect.scoped(Layer.build(Api.sinkNotice)).pipe(
        Effect.provideService(Settings, Grounds.settings({ deliverySink })),
        Effect.provide(Logger.replace(Logger.defaultLogger, heard))
      )
      assert.strictEqual(lines.filter((_) => _.includes("NODE_ENV=production")).length, deliverySink ? 1 : 0)
    }
  }))
