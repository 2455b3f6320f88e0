// @effect-diagnostics strictEffectProvide:off
import { assert, it } from "@effect/vitest"
import { Clock, Duration, Effect, Layer, TestClock } from "effect"
import { DestinationId } from "../../src/domain/Ids.ts"
import * as Share from "../../src/domain/Share.ts"
import * as Ids from "../../src/services/Ids.ts"
import { Lanes } from "../../src/services/Lanes.ts"
import { roomsEvery } from "../../src/services/Places.ts"
import { Settings } from "../../src/services/Settings.ts"
import * as Grounds from "../support/Grounds.ts"

const step = Duration.millis(10)
const stepMs = Duration.toMillis(step)
const perSecond = 1_000 / stepMs

interface Message {
  readonly to: DestinationId
  readonly sentAt: number
}

/** A queue and those of it that are in hand. */
interface Line {
  readonly messages: Array<Message>
  readonly most: number
  inHand: number
}

/**
 * A worker with its two queues, in each of which messages stand in one line, and what is held. Beside the destination under
 * test another gets a few; what is told is how long each of those waited, in milliseconds, and how many of the first were
 * delivered in each second.
 */
const worker = Effect.fnUntraced(function*(places: number, took: number) {
  const lanes = yield* Lanes
  const [slow, other] = [DestinationId.make(yield* Ids.next), DestinationId.make(yield* Ids.next)]
  const fresh: Line = { messages: [], most: Share.inHand(places), inHand: 0 }
  const again: Line = { messages: [], most: Share.retriesInHand(places), inHand: 0 }
  const held: Array<Message> = []
  const waited: Array<number> = []
  const told = { delivered: 0, holds: 0 }

  const carry = (message: Message, again: boolean) =>
    lanes.pass(message.to, {
      again,
      inside: (called) =>
        Effect.gen(function*() {
          if (message.to === other) waited.push((yield* Clock.currentTimeMillis) - message.sentAt)
          const takes = message.to === slow ? took : stepMs
          yield* Effect.sleep(takes)
          yield* called({ took: takes, givesUp: true })
          if (message.to === slow) told.delivered += 1
        }),
      otherwise: Effect.suspend(() => {
        held.push(message)
        told.holds += 1
        return lanes.held(message.to)
      })
    })
  const take = Effect.fnUntraced(function*(line: Line) {
    while (line.inHand < line.most) {
      const next = line.messages.shift()
      if (next === undefined) break
      line.inHand += 1
      yield* Effect.fork(Effect.ensuring(carry(next, line === again), Effect.sync(() => line.inHand -= 1)))
    }
  })
  const release = Effect.flatMap(
    lanes.rooms,
    Effect.forEach(({ count, destinationId }) => {
      again.messages.push(...held.splice(0, count))
      return held.length === 0 ? lanes.drained(destinationId) : Effect.void
    })
  )

  let ticks = 0
  const tick = (coming: number) =>
    Effect.gen(function*() {
      const sentAt = yield* Clock.currentTimeMillis
      for (let count = 0; count < coming; count++) fresh.messages.push({ to: slow, sentAt })
      if (ticks % 5 === 0) fresh.messages.push({ to: other, sentAt })
      if ((ticks * stepMs) % Duration.toMillis(roomsEvery) === 0) yield* release
      ticks += 1
      yield* take(fresh)
      yield* take(again)
      yield* TestClock.adjust(step)
    })
  return { tick, held, waited, told }
})

/** A destination that takes so many milliseconds for each gets twice as many as it can take for two seconds, then none. */
const surge = Effect.fnUntraced(function*(places: number, took: number) {
  const perTick = (Share.reachOfLane(places) * stepMs) / took
  const { held, tick, told, waited } = yield* worker(places, took)
  for (let ticks = 0; ticks < 2 * perSecond; ticks++) {
    yield* tick(Math.floor(2 * perTick * (ticks + 1)) - Math.floor(2 * perTick * ticks))
  }
  const during = { ...told, held: held.length, waited: Math.max(...waited) }
  for (let ticks = 0; ticks < perSecond; ticks++) yield* tick(0)
  return {
    possible: Math.floor(perTick * perSecond),
    during,
    after: { delivered: told.delivered - during.delivered, held: told.holds - during.holds }
  }
})

const provided = (places: number) =>
  Effect.provide(Layer.provide(Lanes.layer, Layer.succeed(Settings, Grounds.settings({ workerConcurrency: places }))))

it.effect.each([50, 100, 500])(
  "beside a destination that takes %d ms for each and gets too many nobody waits, and it gets what it can take",
  (took) =>
    Effect.gen(function*() {
      const { after, during, possible } = yield* surge(12, took)
      assert.strictEqual(during.waited, 0)
      assert.isAbove(during.delivered, (2 - took / 1_000) * possible * 0.9)
      assert.isAbove(during.held, possible / 2)
      assert.isAbove(after.delivered, possible * 0.9)
      // What is released finds its place, but for a few where calls take longer than is waited for.
      assert.isAtMost(after.held, possible / 4)
    }).pipe(provided(12))
)
