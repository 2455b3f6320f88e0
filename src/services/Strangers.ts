import { Effect, Option } from "effect"
import { PoolShare } from "./store/PoolShare.ts"
import { StoreError } from "./store/Store.ts"

/**
 * References of which nobody knows whether an integration goes by them. Anybody may ask for any number, so their lookups take
 * few of the pool's connections. Those that were there last are no strangers: after a change they all are looked up at once.
 */
export interface Strangers {
  /** What a reference was found to be. */
  readonly meet: (reference: string, listed: Option.Option<{ readonly id: string; readonly slug: string }>) => void
  /** Bounds the lookup of a reference if it is a stranger's. */
  readonly limit: (reference: string) => <A, E>(lookup: Effect.Effect<A, E>) => Effect.Effect<A, E | StoreError>
}

const connections = 4
/** No more than can be answered in time. */
const mostWaiting = 10_000

const tooMany = new StoreError({ reason: "Unavailable", cause: "too many integrations are being looked up" })

/** `capacity`: so many integrations' references are remembered. */
export const make = (capacity: number): Effect.Effect<Strangers> =>
  Effect.map(Effect.makeSemaphore(connections), (share) => {
    const familiar = new Set<string>()
    let waiting = 0
    return {
      meet: (reference, listed) => {
        if (Option.isNone(listed)) return void familiar.delete(reference)
        if (familiar.size >= 2 * capacity) familiar.clear()
        familiar.add(listed.value.id).add(listed.value.slug)
      },
      limit: (reference) => <A, E>(lookup: Effect.Effect<A, E>) =>
        Effect.suspend((): Effect.Effect<A, E | StoreError> => {
          if (familiar.has(reference)) return lookup
          if (waiting >= mostWaiting) return tooMany
          waiting += 1
          return Effect.ensuring(
            Effect.provideService(lookup, PoolShare, Option.some(share)),
            Effect.sync(() => {
              waiting -= 1
            })
          )
        })
    }
  })
