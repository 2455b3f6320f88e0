import { Context, Effect, Layer } from "effect"
import type { DestinationId } from "../domain/Ids.ts"
import { Dispatch } from "./Dispatch.ts"
import { Lanes } from "./Lanes.ts"
import { HoldStore } from "./store/HoldStore.ts"
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

const make = Effect.gen(function*() {
  const dispatch = yield* Dispatch
  const lanes = yield* Lanes
  const store = yield* HoldStore

  return Releases.of({
    begin: Effect.gen(function*() {
      yield* store.cancelOrphans(perRound)
      const released = yield* store.release(first, perRound)
      yield* dispatch.publish(released)
      const counts = new Map<DestinationId, number>()
      for (const { destinationId } of released) counts.set(destinationId, (counts.get(destinationId) ?? 0) + 1)
      yield* Effect.forEach(counts, ([id, count]) => count < first ? Effect.void : lanes.held(id), { discard: true })
    }),

    proceed: Effect.flatMap(
      lanes.rooms,
      (rooms) =>
        Effect.forEach(rooms, ({ count, destinationId }) =>
          Effect.gen(function*() {
            const released = yield* store.releaseOf(destinationId, count)
            yield* dispatch.publish(released)
            if (released.length < count) yield* lanes.drained(destinationId)
          }), { discard: true })
    )
  })
})
