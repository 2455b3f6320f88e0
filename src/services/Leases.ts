import { Context, Duration, Effect, Layer, Schedule } from "effect"
import * as Elapsed from "./Elapsed.ts"
import { Limits } from "./Limits.ts"
import * as Loop from "./Loop.ts"
import { Coordination, type Lock } from "./ports/Coordination.ts"
import { Settings } from "./Settings.ts"
import { ClaimStore, type Work } from "./store/ClaimStore.ts"
import type { StoreError } from "./store/Store.ts"

/** Keeps this worker's locks and leases alive while their attempts run. */
export class Leases extends Context.Tag("sluice/services/Leases")<Leases, {
  /** Renews the delivery's lease and lock from now on. `since` is when the claim was asked for (`Elapsed`). */
  readonly keep: (work: Work, since: number) => Effect.Effect<void>
  /** Renews them no longer. */
  readonly letGo: (work: Work) => Effect.Effect<void>
  /** Whether a kept claim is still its own. The database is asked only where the lease may be over. */
  readonly holds: (work: Work) => Effect.Effect<boolean, StoreError>
}>() {
  static readonly layer = Layer.scoped(Leases, Effect.suspend(() => make))
}

/** The lock of a claim on a delivery. */
export const lockOf = ({ deliveryId, token }: { readonly deliveryId: string; readonly token: string }): Lock => ({
  key: `lock:delivery:${deliveryId}`,
  token
})

// Two renewals may fail before anything is lost.
const renewalsPerTtl = 3

const make = Effect.gen(function*() {
  const coordination = yield* Coordination
  const claims = yield* ClaimStore
  const limits = yield* Limits
  const { lockTtl } = yield* Settings
  const millis = yield* Elapsed.reader
  // By token, with the time (`Elapsed`) from which the lease surely runs.
  const kept = new Map<string, { readonly work: Work; since: number }>()

  const renewPlaces = (works: ReadonlyArray<Work>) =>
    Effect.forEach(
      works.filter((_) => _.concurrency !== null),
      (work) =>
        Effect.zipRight(
          limits.renew(work),
          // An attempt that has ended meanwhile has left its place before this took it again.
          Effect.suspend(() => kept.has(work.token) ? Effect.void : limits.leave(work))
        ),
      { concurrency: "unbounded", discard: true }
    )
  const renewClaims = Effect.fnUntraced(function*(works: ReadonlyArray<Work>) {
    const asked = millis()
    const renewed = yield* claims.renew(works)
    for (const token of renewed) {
      const lease = kept.get(token)
      if (lease !== undefined) lease.since = asked
    }
    return renewed
  })
  const renew = Effect.suspend(() => {
    const works = Array.from(kept.values(), (_) => _.work)
    return works.length === 0 ? Effect.void : coordination.renew(works.map(lockOf), lockTtl).pipe(
      Effect.ignore,
      Effect.zipRight(renewPlaces(works)),
      Effect.zipRight(renewClaims(works)),
      Effect.asVoid
    )
  })
  yield* Loop.forkRepeating("Renewing leases", Schedule.fixed(Duration.times(lockTtl, 1 / renewalsPerTtl)), renew)

  return Leases.of({
    keep: (work, since) => Effect.sync(() => void kept.set(work.token, { work, since })),
    letGo: (work) => Effect.sync(() => void kept.delete(work.token)),
    holds: (work) =>
      Effect.suspend(() => {
        const lease = kept.get(work.token)
        return lease !== undefined && millis() - lease.since < Duration.toMillis(lockTtl)
          ? Effect.succeed(true)
          : Effect.map(renewClaims([work]), (renewed) => renewed.has(work.token))
      })
  })
})
