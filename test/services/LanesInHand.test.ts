// @effect-diagnostics strictEffectProvide:off
import { assert, it } from "@effect/vitest"
import { Clock, Duration, Effect, Layer, Option, TestClock } from "effect"
import { DestinationId } from "../../src/domain/Ids.ts"
import * as Share from "../../src/domain/Share.ts"
import * as Ids from "../../src/services/Ids.ts"
import { Lanes } from "../../src/services/Lanes.ts"
import { roomsEvery } from "../../src/services/Places.ts"
import { Settings } from "../../src/services/Settings.ts"
import * as Grounds from "../support/Grounds.ts"

const stepMs = 10
const perSecond = 1_000 / stepMs
const claimMs = 10
const recordMs = 30
/** How many a second come for the destination beside. */
const steady = 20

/** A destination, how long it takes for each, in milliseconds, and how many it takes at a time, if it says so. */
interface Target {
  readonly id: DestinationId
  took: number
  readonly concurrency: number | null
}

interface Message {
  readonly to: Target
  readonly sentAt: number
}

/** A queue, and how many of it are in hand. */
interface Line {
  readonly messages: Array<Message>
  readonly most: number
  inHand: number
}

const target = (took: number, concurrency: number | null = null) =>
  Effect.map(Ids.next, (id): Target => ({ id: DestinationId.make(id), took, concurrency }))

/**
 * A worker with its two queues, in each of which messages stand in one line, and with what is held. It tells how long each
 * that was delivered waited beyond its claim, in milliseconds, how many were held, and how many wait in the process queue.
 */
const worker = Effect.fnUntraced(function*(places: number) {
  const lanes = yield* Lanes
  const fresh: Line = { messages: [], most: Share.inHand(places), inHand: 0 }
  const again: Line = { messages: [], most: Share.retriesInHand(places), inHand: 0 }
  const held: Array<Message> = []
  const waited = new Map<Target, Array<number>>()
  const waitsOf = (to: Target): Array<number> => {
    const known = waited.get(to) ?? []
    waited.set(to, known)
    return known
  }
  const told = { holds: 0 }

  const carry = ({ sentAt, to }: Message, line: Line) =>
    lanes.pass(to.id, {
      again: line === again ? Option.some(Effect.void) : Option.none(),
      inside: (called) =>
        Effect.gen(function*() {
          yield* Effect.sleep(claimMs)
          yield* lanes.bound(to.id, { concurrency: to.concurrency, closedUntil: 0 })
          waitsOf(to).push((yield* Clock.currentTimeMillis) - sentAt - claimMs)
          const { took } = to
          yield* Effect.sleep(took)
          yield* called({ took, givesUp: to.concurrency === null })
          yield* Effect.sleep(recordMs)
        }),
      otherwise: Effect.suspend(() => {
        held.push({ sentAt, to })
        told.holds += 1
        return lanes.held(to.id)
      })
    }).pipe(Effect.ensuring(Effect.sync(() => line.inHand -= 1)))
  const take = Effect.fnUntraced(function*(line: Line) {
    while (line.inHand < line.most) {
      const next = line.messages.shift()
      if (next === undefined) break
      line.inHand += 1
      yield* Effect.fork(carry(next, line))
    }
  })
  const release = Effect.flatMap(
    lanes.rooms,
    Effect.forEach((room) => {
      const { count, destinationId } = room
      const theirs = held.filter(({ to }) => to.id === destinationId).slice(0, count)
      for (const one of theirs) held.splice(held.indexOf(one), 1)
      again.messages.push(...theirs)
      return theirs.length < count ? lanes.drained(room) : Effect.void
    })
  )

  let ticks = 0
  /** Lets so many a second come for each, for some seconds. */
  const run = Effect.fnUntraced(
    function*(seconds: number, rates: ReadonlyArray<readonly [to: Target, perSecond: number]>) {
      for (const end = ticks + seconds * perSecond; ticks < end; ticks++) {
        const sentAt = yield* Clock.currentTimeMillis
        for (const [to, rate] of rates) {
          const due = (tick: number) => Math.floor((tick * rate) / perSecond)
          for (let count = due(ticks); count < due(ticks + 1); count++) fresh.messages.push({ to, sentAt })
        }
        if ((ticks * stepMs) % Duration.toMillis(roomsEvery) === 0) yield* release
        yield* take(fresh)
        yield* take(again)
        yield* TestClock.adjust(stepMs)
      }
    }
  )
  return { run, waitsOf, holds: Effect.sync(() => told.holds), waiting: Effect.sync(() => fresh.messages.length) }
})

const test = (name: string, places: number, program: Effect.Effect<void, never, Lanes>) =>
  it.effect(name, () =>
    Effect.provide(
      program,
      Layer.provide(Lanes.layer, Layer.succeed(Settings, Grounds.settings({ workerConcurrency: places })))
    ))

/** The longest wait of those that came steadily for so many seconds, of which hardly one is missing. */
const worst = (waits: ReadonlyArray<number>, seconds: number): number => {
  assert.isAtLeast(waits.length, seconds * steady - 2)
  return Math.max(...waits)
}

for (const took of [20, 100, 500]) {
  test(
    `beside a destination that takes ${took} ms for each and gets too many nobody waits, and it gets what it can take`,
    8,
    Effect.gen(function*() {
      const [slow, other] = [yield* target(took), yield* target(10)]
      const { holds, run, waitsOf } = yield* worker(8)
      const possible = Share.reachOfLane(8) * 1_000 / (claimMs + took)
      yield* run(1, [[slow, 2 * possible], [other, steady]])
      // Until it is known how long the destination takes.
      assert.isAtMost(worst(waitsOf(other), 1), 50)
      assert.isAbove(waitsOf(slow).length, (1 - took / 1_000) * possible * 0.9)
      const [delivered, held] = [waitsOf(slow).length, yield* holds]
      assert.isAbove(held, possible / 4)
      yield* run(1, [[other, steady]])
      assert.isAtMost(worst(waitsOf(other), 2), 50)
      // Seven of eight places are for what comes again, and a lane has two thirds of those.
      assert.isAbove(waitsOf(slow).length - delivered, possible * 0.65)
      // Most of what is released finds its place.
      assert.isAtMost((yield* holds) - held, possible / 3)
    })
  )
}

test(
  "a destination that takes only a few at a time keeps nobody else waiting, however quick it is",
  64,
  Effect.gen(function*() {
    const [narrow, other] = [yield* target(2, 3), yield* target(10)]
    const { run, waiting, waitsOf } = yield* worker(64)
    yield* run(2, [[narrow, 300], [other, steady]])
    assert.strictEqual(yield* waiting, 0)
    assert.isAtMost(worst(waitsOf(other), 2), 0)
    assert.isAbove(waitsOf(narrow).length, 2 * 3 * 1_000 / (claimMs + 2 + recordMs) * 0.8)
  })
)

test(
  "a destination that was quick and hangs keeps nobody else waiting, however many come for it",
  64,
  Effect.gen(function*() {
    const [sick, other] = [yield* target(5), yield* target(10)]
    const { run, waitsOf } = yield* worker(64)
    yield* run(0.5, [[sick, 200], [other, steady]])
    sick.took = 60_000
    yield* run(0.5, [[sick, 2_000], [other, steady]])
    assert.isAtMost(worst(waitsOf(other), 1), 10)
  })
)

test(
  "ten destinations that take three seconds for each keep nobody else waiting",
  64,
  Effect.gen(function*() {
    const slow = yield* Effect.replicateEffect(target(3_000), 10)
    const other = yield* target(10)
    const { run, waiting, waitsOf } = yield* worker(64)
    yield* run(2, [...slow.map((_) => [_, 30] as const), [other, steady]])
    assert.strictEqual(yield* waiting, 0)
    assert.isAtMost(worst(waitsOf(other), 2), 10)
  })
)
