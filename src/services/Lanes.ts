import { Context, Duration, Effect, Layer } from "effect"
import type { DestinationId } from "../domain/Ids.ts"
import * as Share from "../domain/Share.ts"
import * as Deadlines from "./Deadlines.ts"
import * as Elapsed from "./Elapsed.ts"
import { Settings } from "./Settings.ts"

/** What a destination's row says of the attempts that it takes. */
export interface Bounds {
  readonly concurrency: number | null
  /** Until when it takes no further one, in `Elapsed` milliseconds. */
  readonly closedUntil: number
}

/** `inside` runs in a place of the lane, which it may give up before its end, `otherwise` when there is none soon. */
export interface Passage<A> {
  readonly inside: (giveUp: Effect.Effect<void>) => Effect.Effect<A>
  readonly otherwise: Effect.Effect<A>
}

/** How many held deliveries of a destination may be released now. */
export interface Room {
  readonly destinationId: DestinationId
  readonly count: number
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
  readonly bound: (destinationId: DestinationId, bounds: Bounds) => Effect.Effect<void>
  /** Deliveries of the destination are held until there is room for them again. */
  readonly held: (destinationId: DestinationId) => Effect.Effect<void>
  /** Nothing of the destination is held any more. */
  readonly drained: (destinationId: DestinationId) => Effect.Effect<void>
  /** The lanes with held deliveries in which there is room now. */
  readonly rooms: Effect.Effect<ReadonlyArray<Room>>
}>() {
  static readonly layer = Layer.scoped(
    Lanes,
    Effect.flatMap(Settings, ({ workerConcurrency }) => make(workerConcurrency))
  )
}

// What has to wait for longer is not worth a place in hand.
const patience = Duration.millis(150)
const patienceMs = Duration.toMillis(patience)
// Who has few places waits for those that others give up, which they do all the time.
const patienceBesideOthers = Duration.seconds(1)
const few = 8
// How much the last attempt's time counts in the lane's.
const weight = 1 / 8
const firstRelease = 16
const mostReleased = 256
const mostLanes = 10_000

interface Lane {
  active: number
  waiting: number
  /** When somebody last entered or left. */
  movedAt: number
  /** How long its attempts take, in milliseconds: a moving average. */
  took: number
  bounds: Bounds
  held: boolean
  release: number
}

interface Waiter {
  readonly lane: Lane
  /** Ends its wait, inside or turned away. */
  readonly end: (inside: boolean) => void
}

const unbounded: Bounds = { concurrency: null, closedUntil: 0 }

const make = Effect.fnUntraced(function*(places: number) {
  const soon = yield* Deadlines.make("Turning away who waits in a lane", patience)
  const later = yield* Deadlines.make("Turning away who waits beside others", patienceBesideOthers)
  const millis = yield* Elapsed.reader
  const lanes = new Map<DestinationId, Lane>()
  let active = 0
  const queue = new Set<Waiter>()

  const laneOf = (destinationId: DestinationId): Lane => {
    const known = lanes.get(destinationId)
    if (known !== undefined) return known
    forget()
    const lane = { active: 0, waiting: 0, movedAt: 0, took: 0, bounds: unbounded, held: false, release: firstRelease }
    lanes.set(destinationId, lane)
    return lane
  }
  const forget = () => {
    if (lanes.size < mostLanes) return
    for (const [id, lane] of lanes) if (lane.active === 0 && lane.waiting === 0 && !lane.held) lanes.delete(id)
  }

  const full = ({ active: ours, bounds }: Lane): boolean =>
    ours >= Math.min(Share.ofLane(places - active), bounds.concurrency ?? places)
  const closed = ({ bounds }: Lane, now: number): boolean => now < bounds.closedUntil
  const admits = (lane: Lane, now: number): boolean => active < places && !closed(lane, now) && !full(lane)
  /** Whether others hold the places that it would have. */
  const isCrowdedOut = ({ active: ours, bounds }: Lane): boolean =>
    ours < Math.min(Math.max(1, places / few), bounds.concurrency ?? places)
  /** Whether nobody who comes now gets a place soon: as long as an attempt takes there, one for each place becomes free. */
  const stands = (lane: Lane, now: number): boolean =>
    closed(lane, now) || full(lane) && !isCrowdedOut(lane) && (
        now - lane.movedAt > patienceMs || (lane.waiting + 1) * lane.took > lane.active * patienceMs
      )

  const enter = (lane: Lane, now: number): void => {
    active += 1
    lane.active += 1
    lane.movedAt = now
  }

  const leave = (lane: Lane, since: number): void => {
    const now = millis()
    active -= 1
    lane.active -= 1
    lane.movedAt = now
    lane.took += weight * (now - since - lane.took)
    for (const waiter of queue) {
      if (!admits(waiter.lane, now)) continue
      enter(waiter.lane, now)
      waiter.end(true)
    }
  }

  /** Whether it has got a place. Interrupted it has none. */
  const wait = (lane: Lane, now: number) =>
    Effect.async<boolean>((resume) => {
      let isInside = false
      const waiter: Waiter = {
        lane,
        end: (inside) => {
          isInside = inside
          queue.delete(waiter)
          lane.waiting -= 1
          unwatch()
          resume(Effect.succeed(inside))
        }
      }
      const deadline = isCrowdedOut(lane) ? later : soon
      queue.add(waiter)
      lane.waiting += 1
      const unwatch = deadline.watch(() => waiter.end(false))
      return Effect.sync(() => {
        if (queue.has(waiter)) waiter.end(false)
        if (isInside) leave(lane, now)
      })
    })

  return Lanes.of({
    pass: (destinationId, { inside, otherwise }) =>
      Effect.uninterruptibleMask((restore) => {
        const lane = laneOf(destinationId)
        const now = millis()
        const through = (since: number) => {
          let isInside = true
          const giveUp = () => {
            if (isInside) leave(lane, since)
            isInside = false
          }
          // Nothing comes between here and the mask, so that one region is enough for both.
          return Effect.matchCauseEffect(restore(inside(Effect.sync(giveUp))), {
            onFailure: (cause) => {
              giveUp()
              return Effect.failCause(cause)
            },
            onSuccess: (value) => {
              giveUp()
              return Effect.succeed(value)
            }
          })
        }
        if (lane.waiting === 0 && admits(lane, now)) {
          enter(lane, now)
          return through(now)
        }
        return stands(lane, now) ? restore(otherwise) : Effect.flatMap(
          restore(wait(lane, now)),
          (isInside) => isInside ? through(millis()) : restore(otherwise)
        )
      }),
    bound: (destinationId, bounds) =>
      Effect.sync(() => {
        laneOf(destinationId).bounds = bounds
      }),
    held: (destinationId) =>
      Effect.sync(() => {
        const lane = laneOf(destinationId)
        lane.held = true
        lane.release = closed(lane, millis()) ? 1 : Math.min(firstRelease, lane.bounds.concurrency ?? firstRelease)
      }),
    drained: (destinationId) =>
      Effect.sync(() => {
        laneOf(destinationId).held = false
      }),
    rooms: Effect.sync(() => {
      const now = millis()
      return [...lanes].flatMap(([destinationId, lane]) => {
        if (!lane.held || lane.waiting > 0 || !admits(lane, now)) return []
        const count = lane.release
        lane.release = Math.min(lane.release * 2, mostReleased)
        return [{ destinationId, count }]
      })
    })
  })
})
