// @effect-diagnostics strictEffectProvide:off
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Inflow } from "../../src/services/Inflow.ts"
import { Settings } from "../../src/services/Settings.ts"
import * as Grounds from "../support/Grounds.ts"

const megabyte = 1_048_576
const settings = Layer.succeed(Settings, Grounds.settings({ maxWebhookBytes: 5 * megabyte }))
const test = (name: string, program: Effect.Effect<void, never, Inflow>) =>
  it.effect(name, () => Effect.provide(program, Layer.provide(Inflow.layer, settings)))

test(
  "bytes find room up to a limit, and again when others are let go of",
  Effect.gen(function*() {
    const { open } = yield* Inflow
    const [first, second] = [open(), open()]
    assert.isTrue(first.add(100 * megabyte))
    assert.isTrue(second.add(28 * megabyte))
    assert.isFalse(second.add(1))
    first.close()
    assert.isTrue(second.add(1))
  })
)

test(
  "bytes that were handed over count until their storer lets go of them, whatever becomes of the request",
  Effect.gen(function*() {
    const { letGo, open } = yield* Inflow
    const [first, second] = [open(), open()]
    first.add(129 * megabyte)
    first.handOver(128 * megabyte)
    first.close()
    assert.isFalse(second.add(1))
    letGo(128 * megabyte)
    assert.isTrue(second.add(1))
  })
)

test(
  "bytes that are handed over after their request has ended count all the same, once",
  Effect.gen(function*() {
    const { letGo, open } = yield* Inflow
    const [first, second] = [open(), open()]
    first.add(128 * megabyte)
    first.close()
    first.handOver(128 * megabyte)
    assert.isFalse(second.add(1))
    letGo(128 * megabyte)
    assert.isTrue(second.add(127 * megabyte))
    assert.isFalse(second.add(2 * megabyte))
  })
)
