import { Context, Effect, Iterable, Layer, Option } from "effect"
import type { DestinationId } from "../domain/Ids.ts"
import * as Deadlines from "./Deadlines.ts"
import * as Elapsed from "./Elapsed.ts"
import * as Places from "./Places.ts"
import { Settings } from "./Settings.ts"

/** Says that the call is over and how long it took, in milliseconds. The place is another's from then on, or at the end. */
export type Called = (call: { readonly took: number; readonly givesUp: boolean }) => Effect.Effect<void>

/** `inside` runs in a place of the lane, `otherwise` when there is none soon. */
export interface Passage<A> {
  /**
   * It comes again: what it gives up where it has to wait. Those leave an eighth of the places alone, so that a new event
   * finds one in a storm of retries.
   */
  readonly again: Option.Option<Effect.Effect<void>>
  readonly inside: (called: Called) => Effect.Effect<A>
  readonly otherwise: Effect.Effect<A>
}

/**
 * Shares this worker's places among destinations, so that a slow one never fills them all. A delivery that finds no place
 * in its destination's lane waits a moment while the lane moves, and is turned away where it does not: it is held in the
 * database until there is room.
 */
export class Lanes extends Context.Tag("sluice/services/Lanes")<Lanes, {
  /** Carries one through the destination's lane. */
  readonly pass: <A>(destinationId: DestinationId, passage: Passage<A>) => Effect.Effect<A>
  /** Heeds what is known of a destination from now on. */
  readonly bound: (destinationId: DestinationId, bounds: Places.Bounds) => Effect.Effect<void>
  /** Deliveries of the destination are held until there is room for them again. */
  readonly held: (destinationId: DestinationId) => Effect.Effect<void>
  /** Nothing is held any more for which there was room: nor will be told some again, unless more has been held meanwhile. */
  readonly drained: (room: Places.Room) => Effect.Effect<void>
  /** The lanes with held deliveries that have room for more until that is asked again, after `Places.roomsEvery`. */
  readonly rooms: Effect.Effect<ReadonlyArray<Places.Room>>
}>() {
  static readonly layer = Layer.scoped(
    Lanes,
    Effect.flatMap(Settings, ({ workerConcurrency }) => make(workerConcurrency))
  )
}

// How often the patience of who waits may begin anew.
const mostLooks = 7

const make = Effect.fnUntraced(function*(most: number) {
  const looks = yield* Deadlines.make("Turning away who waits in a lane", Places.patience)
  const millis = yield* Elapsed.reader
  const places = Places.make(most)
  // The lanes in which somebody waits, in the order of their turns.
  const queue = new Set<Places.Lane>()

  /** Lets in whoever may have the place that has become free: one of each lane in turn. */
  const admitNext = (now: number): void => {
    for (const lane of queue) {
      if (!places.hasRoom(lane, now)) continue
      const next = Iterable.findFirst(lane.waiting, ({ again }) => places.mayEnter(lane, again))
      if (Option.isNone(next)) continue
      places.enter(lane, now, next.value.again)
      next.value.end(true)
      if (queue.delete(lane)) queue.add(lane)
    }
  }
  const leave = (lane: Places.Lane, again: boolean): void => {
    const now = millis()
    places.leave(lane, now, again)
    admitNext(now)
  }

  /** Whether it has got a place. Interrupted it has none. */
  const wait = (lane: Places.Lane, again: boolean) =>
    Effect.async<boolean>((resume) => {
      let isInside = false
      let looked = 0
      const waiter: Places.Waiter = {
        again,
        end: (inside) => {
          isInside = inside
          places.quit(lane, waiter)
          if (lane.waiting.size === 0) queue.delete(lane)
          unwatch()
          resume(Effect.succeed(inside))
        }
      }
      const look = () => {
        const now = millis()
        // Where a bound has ended meanwhile nobody had to leave.
        admitNext(now)
        if (!lane.waiting.has(waiter)) return
        looked += 1
        if (looked < mostLooks && places.isWorthWaiting(lane, now)) unwatch = looks.watch(look)
        else waiter.end(false)
      }
      places.join(lane, waiter)
      queue.add(lane)
      let unwatch = looks.watch(look)
      return Effect.sync(() => {
        if (lane.waiting.has(waiter)) waiter.end(false)
        if (isInside) leave(lane, again)
      })
    })

  return Lanes.of({
    pass: (destinationId, passage) =>
      Effect.uninterruptibleMask((restore) => {
        const lane = places.laneOf(destinationId)
        const again = Option.isSome(passage.again)
        const through = () => {
          const since = millis()
          let isInside = true
          let keepsPlace = false
          const giveUp = () => {
            if (isInside) leave(lane, again)
            isInside = false
          }
          const called: Called = ({ givesUp, took }) =>
            Effect.sync(() => {
              keepsPlace = !givesUp
              if (keepsPlace) return
              places.note(lane, took, millis() - since)
              giveUp()
            })
          const end = () => {
            const kept = millis() - since
            // It is as slow as it is for those that want its place.
            if (keepsPlace) places.note(lane, kept, kept)
            giveUp()
          }
          // Nothing comes between here and the mask, so that one region is enough for both.
          return Effect.matchCauseEffect(restore(passage.inside(called)), {
            onFailure: (cause) => {
              end()
              return Effect.failCause(cause)
            },
            onSuccess: (value) => {
              end()
              return Effect.succeed(value)
            }
          })
        }
        const now = millis()
        if (places.hasRoom(lane, now) && places.mayEnter(lane, again)) {
          places.enter(lane, now, again)
          return through()
        }
        return places.stands(lane, now, again) ? restore(passage.otherwise) : Effect.flatMap(
          restore(Option.match(passage.again, {
            onNone: () => wait(lane, again),
            onSome: (giveUp) => Effect.zipRight(giveUp, wait(lane, again))
          })),
          (isInside) => isInside ? through() : restore(passage.otherwise)
        )
      }),
    bound: (destinationId, bounds) =>
      Effect.sync(() => {
        places.laneOf(destinationId).bounds = bounds
      }),
    held: (destinationId) => Effect.sync(() => places.hold(places.laneOf(destinationId), millis())),
    drained: (room) => Effect.sync(() => places.drained(room)),
    rooms: Effect.sync(() => places.takeRooms(millis()))
  })
})
