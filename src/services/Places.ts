import { Duration } from "effect"
import type { DestinationId } from "../domain/Ids.ts"
import * as Share from "../domain/Share.ts"

/** What a destination takes. */
export interface Bounds {
  readonly concurrency: number | null
  /** Until when it takes no further one, in `Elapsed` milliseconds. */
  readonly closedUntil: number
}

export const unbounded: Bounds = { concurrency: null, closedUntil: 0 }

/** One that waits for a place: a new event's, or one that comes again. */
export interface Waiter {
  readonly again: boolean
  /** Ends its wait, inside or turned away. */
  readonly end: (inside: boolean) => void
}

/** What a worker has of one destination. */
export interface Lane {
  active: number
  readonly waiting: Set<Waiter>
  /** When somebody last entered or left, in `Elapsed` milliseconds. */
  movedAt: number
  /** How long its calls take, in milliseconds: a moving average. */
  took: number
  bounds: Bounds
  /** Deliveries are held for it in the database. */
  held: boolean
  /** How many of those it may get next. */
  release: number
}

/** How often it is asked where held deliveries have room. */
export const roomsEvery = Duration.millis(100)
const roomsEveryMs = Duration.toMillis(roomsEvery)
/** What has to wait for longer is not worth a place in hand. */
export const patience = Duration.millis(150)
const patienceMs = Duration.toMillis(patience)
const few = 8
// How much the last call's time counts in the lane's.
const weight = 1 / 8
const firstRelease = 16
const mostReleased = 256
const mostLanes = 10_000

/** The rules by which a worker's places are shared, and who has them. Times are `Elapsed` milliseconds. */
export const make = (places: number) => {
  const lanes = new Map<DestinationId, Lane>()
  const mostAgain = Share.ofRetries(places)
  let active = 0
  let activeAgain = 0

  const forget = () => {
    if (lanes.size < mostLanes) return
    for (const [id, lane] of lanes) if (lane.active === 0 && lane.waiting.size === 0 && !lane.held) lanes.delete(id)
  }
  const laneOf = (destinationId: DestinationId): Lane => {
    const known = lanes.get(destinationId)
    if (known !== undefined) return known
    forget()
    const lane: Lane = {
      active: 0,
      waiting: new Set(),
      movedAt: 0,
      took: 0,
      bounds: unbounded,
      held: false,
      release: firstRelease
    }
    lanes.set(destinationId, lane)
    return lane
  }

  const closed = ({ bounds }: Lane, now: number): boolean => now < bounds.closedUntil
  const full = ({ active: ours, bounds }: Lane): boolean =>
    ours >= Math.min(Share.ofLane(places - active), bounds.concurrency ?? places)
  const moves = (lane: Lane, now: number): boolean => !closed(lane, now) && now - lane.movedAt < patienceMs
  /** Whether others hold the places that it would have: it waits for those that they give up, which they do all the time. */
  const isCrowdedOut = ({ active: ours, bounds }: Lane): boolean =>
    ours < Math.min(Math.max(1, places / few), bounds.concurrency ?? places)
  const admits = (lane: Lane, now: number): boolean => active < places && !closed(lane, now) && !full(lane)
  const mayEnter = (again: boolean): boolean => !again || activeAgain < mostAgain

  /** What the places that it may take carry until it is asked again, beside what is there. */
  const roomIn = (lane: Lane, now: number): number => {
    const { active: ours, bounds, held, release, took, waiting } = lane
    if (!held || !mayEnter(true) || closed(lane, now) || full(lane) && !moves(lane, now)) return 0
    if (took === 0) return waiting.size === 0 && admits(lane, now) ? release : 0
    const reach = Math.min(Share.reachOfLane(places - active + ours), bounds.concurrency ?? places)
    return Math.min(release, Math.floor(Math.max(ours, reach) * (1 + roomsEveryMs / took)) - ours - waiting.size)
  }

  return {
    laneOf,
    /** Whether the lane has a place for one more. */
    admits,
    /** Whether one more may have a place: of those that come again never all. */
    mayEnter,
    enter: (lane: Lane, now: number, again: boolean): void => {
      active += 1
      if (again) activeAgain += 1
      lane.active += 1
      lane.movedAt = now
    },
    leave: (lane: Lane, now: number, again: boolean): void => {
      active -= 1
      if (again) activeAgain -= 1
      lane.active -= 1
      lane.movedAt = now
    },
    called: (lane: Lane, took: number): void => {
      lane.took += weight * (took - lane.took)
    },
    hold: (lane: Lane, now: number): void => {
      lane.held = true
      lane.release = closed(lane, now) ? 1 : Math.min(firstRelease, lane.bounds.concurrency ?? firstRelease)
    },
    /** Whether nobody who comes now gets a place soon: as long as a call takes there, one for each place becomes free. */
    stands: (lane: Lane, now: number): boolean =>
      closed(lane, now) || full(lane) && !isCrowdedOut(lane) && (
          !moves(lane, now) || (lane.waiting.size + 1) * lane.took > lane.active * patienceMs
        ),
    /** Whether who has waited for a while may go on to do so. */
    isWorthWaiting: (lane: Lane, now: number): boolean => isCrowdedOut(lane) || moves(lane, now),
    /** Takes the room that there is for held deliveries, of each destination. */
    takeRooms: (now: number): ReadonlyArray<{ readonly destinationId: DestinationId; readonly count: number }> =>
      [...lanes].flatMap(([destinationId, lane]) => {
        const count = roomIn(lane, now)
        if (count <= 0) return []
        lane.release = Math.min(lane.release * 2, mostReleased)
        return [{ destinationId, count }]
      })
  }
}
