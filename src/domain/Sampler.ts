import { Option } from "effect"

/** How much is kept in each minute. */
export interface Bounds {
  readonly perKind: number
  readonly inAll: number
  /** Of all, so many have room for the first of its kind alone. */
  readonly firsts: number
  /** Of content. What would go beyond one of these is kept without. */
  readonly bytesPerKind: number
  readonly bytes: number
}

/** One that is to be kept. */
export interface Taken<Id> {
  readonly id: Id
  readonly withContent: boolean
  /** How many of its kind were not kept before it. */
  readonly missed: number
}

/** So many were not kept after the last one of their kind that was. */
export interface Missed {
  readonly kind: string
  readonly after: string
  readonly count: number
}

/** Chooses what is kept of things of which anybody may send any number, and counts the others. */
export interface Sampler {
  /** None: it is not to be kept, and needs no id. `now` is in milliseconds. */
  readonly take: <Id extends string>(kind: string, id: () => Id, bytes: number, now: number) => Option.Option<Taken<Id>>
  /** One that was taken could not be kept, with those that it told of. */
  readonly lose: (kind: string, id: string, missed: number) => void
  /** What was missed and is told by nobody yet. */
  readonly missed: (now: number) => ReadonlyArray<Missed>
  /** What was missed could not be told, and is to be told with the next. */
  readonly untold: (missed: ReadonlyArray<Missed>) => void
}

interface Kind {
  taken: number
  bytes: number
  missed: number
  last: Option.Option<string>
}

const minuteMs = 60_000

/** Remembers the kinds of the current minute, and those of which some were missed and none was kept. */
export const make = (bounds: Bounds): Sampler => {
  const kinds = new Map<string, Kind>()
  let minute = Number.NEGATIVE_INFINITY
  let taken = 0
  let bytes = 0

  const turn = (now: number) => {
    const current = Math.floor(now / minuteMs)
    if (current === minute) return
    minute = current
    taken = 0
    bytes = 0
    for (const [name, kind] of kinds) {
      kind.taken = 0
      kind.bytes = 0
      if (kind.missed === 0) kinds.delete(name)
    }
  }
  const known = (name: string): Kind => {
    const kind = kinds.get(name) ?? { taken: 0, bytes: 0, missed: 0, last: Option.none() }
    kinds.set(name, kind)
    return kind
  }

  return {
    take: (name, makeId, size, now) => {
      turn(now)
      const kind = known(name)
      const room = kind.taken === 0 ? bounds.inAll : bounds.inAll - bounds.firsts
      if (kind.taken >= bounds.perKind || taken >= room) {
        kind.missed += 1
        return Option.none()
      }
      const withContent = bytes + size <= bounds.bytes && kind.bytes + size <= bounds.bytesPerKind
      const { missed } = kind
      const id = makeId()
      kind.taken += 1
      kind.missed = 0
      kind.last = Option.some(id)
      taken += 1
      if (withContent) {
        bytes += size
        kind.bytes += size
      }
      return Option.some({ id, withContent, missed })
    },
    lose: (name, id, missed) => {
      const kind = known(name)
      kind.missed += 1 + missed
      kind.last = Option.filter(kind.last, (last) => last !== id)
    },
    missed: (now) => {
      const told: Array<Missed> = []
      for (const [name, kind] of kinds) {
        if (kind.missed === 0 || Option.isNone(kind.last)) continue
        told.push({ kind: name, after: kind.last.value, count: kind.missed })
        kind.missed = 0
      }
      turn(now)
      return told
    },
    untold: (missed) => {
      for (const { after, count, kind: name } of missed) {
        // One that is known still may have lost the last of its kind meanwhile.
        const wasKnown = kinds.has(name)
        const kind = known(name)
        kind.missed += count
        if (!wasKnown) kind.last = Option.some(after)
      }
    }
  }
}
