import { Duration, Effect, Layer, Option } from "effect"
import * as RateLimit from "../domain/RateLimit.ts"
import * as Elapsed from "../services/Elapsed.ts"
import { Coordination, type Lock } from "../services/ports/Coordination.ts"

interface Entry {
  readonly text: string
  readonly expiresAt: number
}

/** Marks beyond this number push out the oldest: one that is missing only costs a look into the database. */
const maxMarks = 100_000

/** The twin of Redis for one process: the same answers from this process's memory and a clock that nobody sets. */
export const layer: Layer.Layer<Coordination> = Layer.sync(Coordination, () => {
  // For each key the time at which it is forgotten.
  const marks = new Map<string, number>()
  // Budgets and locks: as many as there are integrations and attempts in flight.
  const held = new Map<string, Entry>()
  // For each key the times at which its tokens' places are given up.
  const places = new Map<string, Map<string, number>>()

  const atNow = <A>(operation: (now: number) => A): Effect.Effect<A> => Effect.map(Elapsed.millis, operation)
  const heldWhere = (
    locks: ReadonlyArray<Lock>,
    ttl: Duration.Duration,
    may: (lock: Lock, now: number) => boolean
  ): Effect.Effect<ReadonlyArray<boolean>> =>
    atNow((now) =>
      locks.map((lock) => {
        const mine = may(lock, now)
        if (mine) held.set(lock.key, { text: lock.token, expiresAt: now + Duration.toMillis(ttl) })
        return mine
      })
    )

  const take = (key: string, limit: number, now: number, onCredit: boolean): RateLimit.Decision => {
    const kept = Option.match(read(held, key, now), { onNone: () => 0, onSome: Number })
    const { decision, freeAt } = RateLimit.take(limit, kept, now, onCredit)
    if (freeAt > now) held.set(key, { text: String(freeAt), expiresAt: freeAt })
    return decision
  }
  const mark = (key: string, expiresAt: number): void => {
    // Set anew, so that the oldest stand first.
    marks.delete(key)
    marks.set(key, expiresAt)
    const [oldest] = marks.size > maxMarks ? marks.keys() : []
    if (oldest !== undefined) marks.delete(oldest)
  }

  return Coordination.of({
    take: (key, limit) => atNow((now) => take(key, limit, now, false)),
    ask: ({ marks: keys, takings }) =>
      atNow((now) => ({
        taken: takings.map(({ count, key, limit, onCredit }) =>
          Array.from({ length: count }, () => take(key, limit, now, onCredit))
        ),
        marked: keys.map((key) => (marks.get(key) ?? now) > now)
      })),
    mark: (keys, ttl) =>
      atNow((now) => {
        for (const key of keys) mark(key, now + Duration.toMillis(ttl))
      }),
    lock: (locks, ttl) => heldWhere(locks, ttl, ({ key }, now) => Option.isNone(read(held, key, now))),
    renew: (locks, ttl) => heldWhere(locks, ttl, ({ key, token }, now) => Option.contains(read(held, key, now), token)),
    unlock: (locks) =>
      atNow((now) => {
        for (const { key, token } of locks) {
          const entry = held.get(key)
          if (entry !== undefined && (entry.text === token || entry.expiresAt <= now)) held.delete(key)
        }
      }),
    enter: (key, token, limit, ttl) =>
      atNow((now) => {
        const taken = places.get(key) ?? new Map<string, number>()
        for (const [other, until] of taken) if (until <= now) taken.delete(other)
        if (!taken.has(token) && taken.size >= limit) return false
        places.set(key, taken.set(token, now + Duration.toMillis(ttl)))
        return true
      }),
    leave: (key, token) =>
      Effect.sync(() => {
        const taken = places.get(key)
        taken?.delete(token)
        if (taken?.size === 0) places.delete(key)
      }),
    check: Effect.void
  })
})

const read = (entries: ReadonlyMap<string, Entry>, key: string, now: number): Option.Option<string> =>
  Option.map(Option.filter(Option.fromNullable(entries.get(key)), (_) => _.expiresAt > now), (_) => _.text)
