import { Context, Deferred, Duration, Effect, Layer } from "effect"
import type { DestinationId } from "../domain/Ids.ts"
import * as Share from "../domain/Share.ts"
import * as Elapsed from "./Elapsed.ts"
import { Settings } from "./Settings.ts"

/** Whose attempt it is, and whether an earlier one failed. */
export interface Traveller {
  readonly destinationId: DestinationId
  readonly attempt: number
}

/** What a destination's row says of the attempts that it takes. */
export interface Bounds {
  readonly concurrency: number | null
  /** Until when it takes no further one, in `Elapsed` milliseconds. */
  readonly closedUntil: number
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
  /** Runs `inside` in a place of the traveller's lane, or `otherwise` when there is none for it soon. */
  readonly pass: <A>(
    traveller: Traveller,
    inside: Effect.Effect<A>,
    otherwise: Effect.Effect<A>
  ) => Effect.Effect<A>
  /** Heeds what is known of a destination from now on. */
  readonly bound: (destinationId: DestinationId, bounds: Bounds) => Effect.Effect<void>
  /** Deliveries of the destination are held until there is room for them again. */
  readonly held: (destinationId: DestinationId) => Effect.Effect<void>
  /** Nothing of the destination is held any more. */
  readonly drained: (destinationId: DestinationId) => Effect.Effect<void>
  /** The lanes with held deliveries in which there is room now. */
  readonly rooms: Effect.Effect<ReadonlyArray<Room>>
}>() {
  static readonly layer = Layer.effect(Lanes, Effect.map(Settings, ({ workerConcurrency }) => make(workerConcurrency)))
}

// What is slower than this is not worth a place in hand.
const patience = Duration.millis(100)
const firstRelease = 16
const mostReleased = 256
const mostLanes = 10_000

interface Gate {
  active: number
  /** When somebody last entered or left. */
  movedAt: number
}

interface Lane extends Gate {
  bounds: Bounds
  waiting: number
  held: boolean
  release: number
}

interface Waiter {
  readonly traveller: Traveller
  readonly lane: Lane
  readonly turn: Deferred.Deferred<void>
  entered: boolean
  done: boolean
}

const unbounded: Bounds = { concurrency: null, closedUntil: 0 }

const make = (places: number): typeof Lanes.Service => {
  const lanes = new Map<DestinationId, Lane>()
  const all: Gate = { active: 0, movedAt: 0 }
  const retries: Gate = { active: 0, movedAt: 0 }
  const queue = new Set<Waiter>()

  const laneOf = (destinationId: DestinationId): Lane => {
    const known = lanes.get(destinationId)
    if (known !== undefined) return known
    forget()
    const lane = { active: 0, movedAt: 0, bounds: unbounded, waiting: 0, held: false, release: firstRelease }
    lanes.set(destinationId, lane)
    return lane
  }
  const forget = () => {
    if (lanes.size < mostLanes) return
    for (const [id, lane] of lanes) if (lane.active === 0 && lane.waiting === 0 && !lane.held) lanes.delete(id)
  }

  const gates = (lane: Lane, { attempt }: Traveller, now: number) => [
    {
      gate: lane,
      open: now >= lane.bounds.closedUntil &&
        lane.active < Math.min(Share.ofLane(places - all.active), lane.bounds.concurrency ?? places)
    },
    { gate: retries, open: attempt === 1 || retries.active < Share.ofRetries(places) }
  ]
  const admits = (lane: Lane, traveller: Traveller, now: number): boolean =>
    all.active < places && gates(lane, traveller, now).every((_) => _.open)
  const stands = (lane: Lane, traveller: Traveller, now: number): boolean =>
    now < lane.bounds.closedUntil ||
    gates(lane, traveller, now).some(({ gate, open }) =>
      !open && gate.active > 0 && now - gate.movedAt > Duration.toMillis(patience)
    )

  const move = (lane: Lane, { attempt }: Traveller, by: 1 | -1, now: number): void => {
    for (const gate of attempt === 1 ? [all, lane] : [all, lane, retries]) {
      gate.active += by
      gate.movedAt = now
    }
  }

  const leave = (lane: Lane, traveller: Traveller) =>
    Effect.map(Elapsed.millis, (now) => {
      move(lane, traveller, -1, now)
      for (const waiter of queue) {
        if (!admits(waiter.lane, waiter.traveller, now)) continue
        move(waiter.lane, waiter.traveller, 1, now)
        waiter.entered = true
        queue.delete(waiter)
        Deferred.unsafeDone(waiter.turn, Effect.void)
      }
    })

  const settle = (waiter: Waiter) =>
    Effect.sync(() => {
      if (!waiter.done) {
        waiter.done = true
        queue.delete(waiter)
        waiter.lane.waiting -= 1
      }
      return waiter.entered
    })

  const wait = (lane: Lane, traveller: Traveller, restore: <A>(effect: Effect.Effect<A>) => Effect.Effect<A>) =>
    Effect.flatMap(Deferred.make<void>(), (turn) => {
      const waiter: Waiter = { traveller, lane, turn, entered: false, done: false }
      queue.add(waiter)
      lane.waiting += 1
      return restore(Effect.timeoutOption(Deferred.await(turn), patience)).pipe(
        Effect.zipRight(settle(waiter)),
        Effect.onInterrupt(() =>
          Effect.flatMap(settle(waiter), (entered) => entered ? leave(lane, traveller) : Effect.void)
        )
      )
    })

  return Lanes.of({
    pass: (traveller, inside, otherwise) =>
      Effect.suspend(() => {
        const lane = laneOf(traveller.destinationId)
        return Effect.uninterruptibleMask((restore) =>
          Effect.flatMap(Elapsed.millis, (now) => {
            const entered = lane.waiting === 0 && admits(lane, traveller, now)
            if (entered) move(lane, traveller, 1, now)
            return entered || stands(lane, traveller, now) ? Effect.succeed(entered) : wait(lane, traveller, restore)
          }).pipe(
            Effect.flatMap((entered) =>
              entered ? Effect.ensuring(restore(inside), leave(lane, traveller)) : restore(otherwise)
            )
          )
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
        lane.release = firstRelease
      }),
    drained: (destinationId) =>
      Effect.sync(() => {
        laneOf(destinationId).held = false
      }),
    rooms: Effect.map(Elapsed.millis, (now) =>
      [...lanes].flatMap(([destinationId, lane]) => {
        const traveller = { destinationId, attempt: 1 }
        if (!lane.held || lane.waiting > 0 || !admits(lane, traveller, now)) return []
        const count = lane.release
        lane.release = Math.min(lane.release * 2, mostReleased)
        return [{ destinationId, count }]
      }))
  })
}
