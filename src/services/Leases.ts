import { Context, Duration, Effect, Layer, Schedule, type Scope } from "effect"
import { Limits } from "./Limits.ts"
import * as Loop from "./Loop.ts"
import { Coordination } from "./ports/Coordination.ts"
import { Settings } from "./Settings.ts"
import { ClaimStore, type Work } from "./store/ClaimStore.ts"

/** Keeps this worker's locks and leases alive while their attempts run. */
export class Leases extends Context.Tag("sluice/services/Leases")<Leases, {
  /** Renews the delivery's lease and lock for the life of the scope. */
  readonly keep: (work: Work) => Effect.Effect<void, never, Scope.Scope>
}>() {
  static readonly layer = Layer.scoped(Leases, Effect.suspend(() => make))
}

/** The name of a delivery's lock. */
export const lockKey = (deliveryId: string): string => `lock:delivery:${deliveryId}`

// Two renewals may fail before anything is lost.
const renewalsPerTtl = 3

const make = Effect.gen(function*() {
  const coordination = yield* Coordination
  const claims = yield* ClaimStore
  const limits = yield* Limits
  const { lockTtl } = yield* Settings
  const kept = new Map<string, Work>()

  const renewLocks = (works: ReadonlyArray<Work>) =>
    Effect.forEach(
      works,
      (work) =>
        Effect.zipRight(
          Effect.ignore(coordination.renew(lockKey(work.deliveryId), work.token, lockTtl)),
          limits.renew(work)
        ),
      { concurrency: "unbounded", discard: true }
    )
  const renew = Effect.suspend(() => {
    const works = [...kept.values()]
    return works.length === 0 ? Effect.void : Effect.zipRight(renewLocks(works), claims.renew(works))
  })
  yield* Loop.forkRepeating("Renewing leases", Schedule.spaced(Duration.times(lockTtl, 1 / renewalsPerTtl)), renew)

  return Leases.of({
    keep: (work) =>
      Effect.acquireRelease(
        Effect.sync(() => kept.set(work.token, work)),
        () => Effect.sync(() => kept.delete(work.token))
      ).pipe(Effect.asVoid)
  })
})
