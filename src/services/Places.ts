import { Duration } from "effect"
import type { DestinationId } from "../domain/Ids.ts"
import * as Share from "../domain/Share.ts"

/** What a destination takes. */
export interface Bounds {
  readonly concurrency: number | null
  /** Until when it takes no further one, in `Elapsed` milliseconds. */
  readonly closedUntil: number
}

const unbounded: Bounds = { concurrency: null, closedUntil: 0 }

/** One that waits for a place: a new event's, or one that comes again. */
export interface Waiter {
  readonly again: boolean
  /** Ends its wait, inside or turned away. */
  readonly end: (inside: boolean) => void
}

/** What a worker has of one destination. */
export interface Lane {
  readonly destinationId: DestinationId
  active: number
  /** How many of those came again. */
  activeAgain: number
  readonly waiting: Set<Waiter>
  /** When somebody last entered or left, in `Elapsed` milliseconds. */
  movedAt: number
  /** How long its calls take, in milliseconds: a moving average. Zero until one has ended. */
  took: number
  /** The same of how long they keep a place. */
  kept: number
  bounds: Bounds
  /** How many of those that are held for it may come next. */
  release: number
  /** How often some were held for it. */
  holds: number
}

/** How many held deliveries of a destination may be released now. */
export interface Room {
  readonly destinationId: DestinationId
  readonly count: number
  /** What its lane's `holds` were when it was told. */
  readonly holds: number
}

/** How often it is asked where held deliveries have room. */
export const roomsEvery = Duration.millis(50)
const roomsEveryMs = Duration.toMillis(roomsEvery)
const roomsAtMostMs = 1_000
/** What has to wait for longer is not worth a place in hand. */
export const patience = Duration.millis(150)
const patienceMs = Duration.toMillis(patience)
// How much the last call's time counts in the lane's.
const weight = 1 / 8
// So many calls are about what a worker's processor carries in a millisecond.
const processorCarries = 1.7
// Calls are quick no more when nobody has entered or left for so long.
const pauseMs = 50
const firstRelease = 16
const mostReleased = 256
const mostLanes = 10_000

/** The rules by which a worker's places are shared, and who has them. Times are `Elapsed` milliseconds. */
export const make = (places: number) => {
  const lanes = new Map<DestinationId, Lane>()
  // Lanes for which deliveries are held, in the order of their turns.
  const holding = new Set<Lane>()
  const mostAgain = Share.ofRetries(places)
  // Where calls are quicker the processor is full before a lane is, and all wait for that alone.
  const quick = Share.reachOfLane(places) / processorCarries
  let active = 0
  let activeAgain = 0
  let waiting = 0
  let askedAt = 0

  const forget = () => {
    if (lanes.size < mostLanes) return
    for (const [id, lane] of lanes) {
      if (lane.active === 0 && lane.waiting.size === 0 && !holding.has(lane)) lanes.delete(id)
    }
  }
  const laneOf = (destinationId: DestinationId): Lane => {
    const known = lanes.get(destinationId)
    if (known !== undefined) return known
    forget()
    const lane: Lane = {
      destinationId,
      active: 0,
      activeAgain: 0,
      waiting: new Set(),
      movedAt: 0,
      took: 0,
      kept: 0,
      bounds: unbounded,
      release: firstRelease,
      holds: 0
    }
    lanes.set(destinationId, lane)
    return lane
  }

  const closed = ({ bounds }: Lane, now: number): boolean => now < bounds.closedUntil
  const full = ({ active: ours, bounds }: Lane): boolean =>
    active >= places || ours >= Math.min(Share.ofLane(places - active), bounds.concurrency ?? places)
  const hasRoom = (lane: Lane, now: number): boolean => !closed(lane, now) && !full(lane)
  const mayEnter = ({ activeAgain: ours }: Lane, again: boolean): boolean =>
    !again || activeAgain < mostAgain && ours < Share.ofLane(mostAgain - activeAgain)
  const moves = (lane: Lane, now: number): boolean => now - lane.movedAt < patienceMs
  /** Whether one more may wait, without filling what the worker has in hand: others would stand behind those in the queue. */
  const hasSeat = ({ waiting: { size } }: Lane): boolean => size < Share.ofLane(places - waiting)
  /** How many may wait there when all have taken their seats that may. */
  const seatsOf = ({ waiting: { size } }: Lane): number => Share.reachOfLane(Math.max(0, places - waiting) + size)
  /** Whether it is the processor that its calls wait for, and not the destination. */
  const isQuick = ({ movedAt, took }: Lane, now: number): boolean =>
    took > 0 && took <= quick && now - movedAt <= pauseMs
  /** Who has less than that waits for those places that others give up, which they do all the time. */
  const sure = ({ bounds }: Lane): number => Math.min(Share.sure(places), bounds.concurrency ?? places)

  /** How many places those that come again may have there, where so many are free beside its own. */
  const reachAgain = ({ active: ours, activeAgain: oursAgain, bounds }: Lane, free: number, freeAgain: number) => {
    const reach = Math.min(Share.reachOfLane(Math.max(0, free) + ours), bounds.concurrency ?? places)
    return Math.max(
      oursAgain,
      Math.min(reach - (ours - oursAgain), Share.reachOfLane(Math.max(0, freeAgain) + oursAgain))
    )
  }
  /** What so many places carry in a time, beside what is there. */
  const roomIn = (lane: Lane, now: number, reach: number, timeMs: number): number => {
    const { activeAgain: oursAgain, kept, release, waiting } = lane
    if (closed(lane, now) || full(lane) && !moves(lane, now)) return 0
    if (kept === 0) return full(lane) || waiting.size > 0 || reach <= oursAgain ? 0 : release
    const carried = Math.floor(reach * (1 + timeMs / kept))
    const seated = isQuick(lane, now) ? carried : reach + seatsOf(lane)
    return Math.min(release, Math.min(carried, seated) - oursAgain - waiting.size)
  }

  return {
    laneOf,
    /** Whether the lane has a place for one more. */
    hasRoom,
    /** Whether one more may have it: those that come again leave some to new events, and to each other. */
    mayEnter,
    enter: (lane: Lane, now: number, again: boolean): void => {
      active += 1
      lane.active += 1
      if (again) {
        activeAgain += 1
        lane.activeAgain += 1
      }
      lane.movedAt = now
    },
    leave: (lane: Lane, now: number, again: boolean): void => {
      active -= 1
      lane.active -= 1
      if (again) {
        activeAgain -= 1
        lane.activeAgain -= 1
      }
      lane.movedAt = now
    },
    join: (lane: Lane, waiter: Waiter): void => {
      waiting += 1
      lane.waiting.add(waiter)
    },
    quit: (lane: Lane, waiter: Waiter): void => {
      waiting -= 1
      lane.waiting.delete(waiter)
    },
    /** Notes how long a call took, and for how long it has kept its place. */
    note: (lane: Lane, took: number, kept: number): void => {
      lane.took += weight * (took - lane.took)
      lane.kept += weight * (kept - lane.kept)
    },
    hold: (lane: Lane, now: number): void => {
      holding.add(lane)
      lane.holds += 1
      lane.release = closed(lane, now) ? 1 : Math.min(firstRelease, lane.bounds.concurrency ?? firstRelease)
    },
    /** Nothing is held any more of what was when that room was told. */
    drained: ({ destinationId, holds }: Room): void => {
      const lane = laneOf(destinationId)
      if (lane.holds === holds) holding.delete(lane)
    },
    /** Whether nobody who comes now gets a place soon: as long as a call keeps one, one for each place becomes free. */
    stands: (lane: Lane, now: number, again: boolean): boolean => {
      if (closed(lane, now)) return true
      if (hasRoom(lane, now) && mayEnter(lane, again)) return false
      if (hasSeat(lane) && lane.active + lane.waiting.size < sure(lane)) return false
      if (isQuick(lane, now)) return false
      return !moves(lane, now) || !hasSeat(lane) ||
        (lane.waiting.size + 1) * lane.kept > Math.max(lane.active, sure(lane)) * patienceMs
    },
    /** Whether who has waited for a while may go on to do so. */
    isWorthWaiting: (lane: Lane, now: number): boolean =>
      !closed(lane, now) && (lane.active < sure(lane) || moves(lane, now)),
    /** Takes the room that there is for held deliveries until it is asked for again, lane by lane. */
    takeRooms: (now: number): ReadonlyArray<Room> => {
      const time = Math.min(Math.max(now - askedAt, roomsEveryMs), roomsAtMostMs)
      askedAt = now
      let free = places - active
      let freeAgain = mostAgain - activeAgain
      return [...holding].flatMap((lane) => {
        const reach = reachAgain(lane, free, freeAgain)
        const count = roomIn(lane, now, reach, time)
        if (count <= 0) return []
        const more = Math.min(count, reach - lane.activeAgain)
        free -= more
        freeAgain -= more
        lane.release = Math.min(lane.release * 2, mostReleased)
        holding.delete(lane)
        holding.add(lane)
        return [{ destinationId: lane.destinationId, count, holds: lane.holds }]
      })
    }
  }
}
