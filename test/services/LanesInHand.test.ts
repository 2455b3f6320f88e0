// @effect-diagnostics strictEffectProvide:off
import { assert, it } from "@effect/vitest"
import { Clock, Duration, Effect, Layer, TestClock } from "effect"
import { DestinationId } from "../../src/domain/Ids.ts"
import * as Share from "../../src/domain/Share.ts"
import * as Ids from "../../src/services/Ids.ts"
import { Lanes } from "../../src/services/Lanes.ts"
import { Settings } from "../../src/services/Settings.ts"
import * as Grounds from "../support/Grounds.ts"

const places = 16
const step = Duration.millis(10)
const steps = 150

interface Message {
  readonly to: DestinationId
  readonly sentAt: number
}

/**
 * A worker whose messages come in one line, as from the process queue. A destination that takes 100 ms for each gets twice as
 * many as its lane can carry; another gets a few, and what counts is how long each of those waited, in milliseconds.
 */
const waits = Effect.gen(function*() {
  const lanes = yield* Lanes
  const [slow, other] = [DestinationId.make(yield* Ids.next), DestinationId.make(yield* Ids.next)]
  const line: Array<Message> = []
  const waited: Array<number> = []
  let inHand = 0
  let held = 0

  const carry = ({ sentAt, to }: Message) =>
    lanes.pass(to, {
      inside: () =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          if (to === other) waited.push(now - sentAt)
          return Effect.sleep(to === slow ? "100 millis" : step)
        }),
      otherwise: Effect.sync(() => held++)
    }).pipe(Effect.ensuring(Effect.sync(() => inHand--)))

  for (let tick = 0; tick < steps; tick++) {
    const sentAt = yield* Clock.currentTimeMillis
    line.push({ to: slow, sentAt }, { to: slow, sentAt })
    if (tick % 5 === 0) line.push({ to: other, sentAt })
    while (inHand < Share.inHand(places)) {
      const next = line.shift()
      if (next === undefined) break
      inHand += 1
      yield* Effect.fork(carry(next))
    }
    yield* TestClock.adjust(step)
  }
  return { held, waited }
})

it.effect("beside a destination that answers, but gets more than it can take, nobody else's message waits for a hand", () =>
  Effect.gen(function*() {
    const { held, waited } = yield* waits
    assert.isAbove(held, 100)
    assert.strictEqual(waited.length, steps / 5)
    assert.isAtMost(Math.max(...waited), 2 * Duration.toMillis(step))
  }).pipe(Effect.provide(
    Layer.provide(Lanes.layer, Layer.succeed(Settings, Grounds.settings({ workerConcurrency: places })))
  )))
