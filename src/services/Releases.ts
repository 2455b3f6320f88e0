import { Array, Context, Duration, Effect, Layer, Option, Order, Ref } from "effect"
import type { DestinationId } from "../domain/Ids.ts"
import { Dispatch } from "./Dispatch.ts"
import * as Elapsed from "./Elapsed.ts"
import { Lanes } from "./Lanes.ts"
import { Broker } from "./ports/Broker.ts"
import { Precedence } from "./Precedence.ts"
import * as RetryBacklog from "./RetryBacklog.ts"
import { Settings } from "./Settings.ts"
import type { Next } from "./store/DispatchStore.ts"
import { beforeAll, HoldStore } from "./store/HoldStore.ts"
import type { StoreError } from "./store/Store.ts"

/** Brings held deliveries back to the queue as their destinations can take them, oldest first. */
export class Releases extends Context.Tag("sluice/services/Releases")<Releases, {
  /** The first few of every destination that takes deliveries, and one where an open breaker is to be tried. */
  readonly begin: Effect.Effect<void, StoreError>
  /** More of those destinations in whose lanes this worker has room. */
  readonly proceed: Effect.Effect<void, StoreError>
}>() {
  static readonly layer = Layer.effect(Releases, Effect.suspend(() => make))
}

const first = 16
const perRound = 2_000
// While some wait for their turn, or so many in the queue, more of them would only lengthen it for all that comes again.
const whileCrowded = 4
const backlogAllowed = 500
// What a broker that takes nothing would let run dry is left where it is.
const pauseWhenRefused = Duration.seconds(5)

const make = Effect.gen(function*() {
  const broker = yield* Broker
  const dispatch = yield* Dispatch
  const lanes = yield* Lanes
  const precedence = yield* Precedence
  const settings = yield* Settings
  const store = yield* HoldStore

  // From where the next round goes on, so that each destination has its turn.
  const turn = yield* Ref.make(beforeAll)
  const pausedUntil = yield* Ref.make(Number.NEGATIVE_INFINITY)

  /** Whether the broker has taken all of them; where it has not they are held again. */
  const publish = Effect.fnUntraced(function*(released: ReadonlyArray<typeof Next.Type>) {
    if ((yield* dispatch.again(released)) === released.length) return true
    yield* Ref.set(pausedUntil, (yield* Elapsed.millis) + Duration.toMillis(pauseWhenRefused))
    yield* store.hold(released.map((_) => ({ ..._, token: null })))
    return false
  })
  const unlessPaused = <E>(effect: Effect.Effect<void, E>) =>
    Effect.gen(function*() {
      if ((yield* Elapsed.millis) >= (yield* Ref.get(pausedUntil))) yield* effect
    })

  return Releases.of({
    begin: Effect.gen(function*() {
      yield* store.cancelOrphans(perRound)
      const released = yield* store.release(yield* Ref.get(turn), first, perRound)
      if (!(yield* publish(released))) return
      yield* Ref.set(turn, released.length < perRound ? beforeAll : latest(released))
      const counts = new Map<DestinationId, number>()
      for (const { destinationId } of released) counts.set(destinationId, (counts.get(destinationId) ?? 0) + 1)
      yield* Effect.forEach(counts, ([id, count]) => count < first ? Effect.void : lanes.held(id), { discard: true })
    }),

    proceed: Effect.gen(function*() {
      const rooms = yield* lanes.rooms
      if (rooms.length === 0) return
      const crowded = (yield* precedence.crowded) || (yield* RetryBacklog.count(broker, settings)) > backlogAllowed
      yield* Effect.forEach(rooms, (room) =>
        Effect.gen(function*() {
          const count = crowded ? Math.min(room.count, whileCrowded) : room.count
          const released = yield* store.releaseOf(room.destinationId, count)
          if ((yield* publish(released)) && released.length < count) yield* lanes.drained(room)
        }).pipe(unlessPaused), { discard: true })
    })
  })
})

const latest = (released: ReadonlyArray<typeof Next.Type>): DestinationId =>
  Option.getOrElse(
    Array.last(Array.sort(released.map((_) => _.destinationId), Order.string)),
    () => beforeAll
  )
