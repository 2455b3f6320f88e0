import { assert, it } from "@effect/vitest"
import { Effect, Option, TestClock } from "effect"
import * as Line from "../../../src/layers/memory/Line.ts"
import * as HostClock from "../../support/HostClock.ts"

const message: Line.Message = { content: "", handOuts: 0, deaths: 0, death: Option.none() }
const hours = 3 * 3_600_000

it.scoped("a rung keeps a message for its time, wherever the host's clock is set meanwhile", () =>
  Effect.gen(function*() {
    const host = HostClock.make(yield* Effect.clock)
    const onHost = Effect.withClock(host)
    const next = yield* Line.ready
    const rung = yield* onHost(Line.rung(1_000, next))
    for (const [index, jump] of [hours, -hours].entries()) {
      yield* onHost(rung.offer(message))
      yield* host.set(jump)
      yield* TestClock.adjust("999 millis")
      assert.strictEqual(yield* next.size, index)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* next.size, index + 1)
    }
  }))
