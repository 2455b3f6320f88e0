import { Duration, Effect, Schedule } from "effect"
import * as Farewell from "./Farewell.ts"
import { lockOf } from "./Leases.ts"
import * as Loop from "./Loop.ts"
import { Coordination, type Lock } from "./ports/Coordination.ts"
import { Settings } from "./Settings.ts"
import { type Claim, type Claimed, ClaimStore } from "./store/ClaimStore.ts"

/** Whose lock it is. */
type Owner = Pick<Claim, "deliveryId" | "token">

const busy: Claimed = { _tag: "Busy" }
const releaseEvery = Duration.millis(50)
const mostPerRelease = 1_000
// Redis is away while so many wait; the oldest are the first to expire by themselves.
const mostUnreleased = 10_000

/** Claims on deliveries behind their locks on Redis, which spare PostgreSQL the second of two. */
export const make = Effect.gen(function*() {
  const claims = yield* ClaimStore
  const coordination = yield* Coordination
  const { lockTtl } = yield* Settings

  const unlock = (locks: ReadonlyArray<Lock>) => locks.length === 0 ? Effect.void : coordination.unlock(locks)

  const unreleased: Array<Lock> = []
  const releaseNext = Effect.suspend(() => {
    const next = unreleased.splice(0, mostPerRelease)
    return Effect.catchAll(unlock(next), () =>
      Effect.sync(() => {
        unreleased.unshift(...next)
        unreleased.splice(0, unreleased.length - mostUnreleased)
      }))
  })
  yield* Loop.forkRepeating("Releasing locks", Schedule.spaced(releaseEvery), releaseNext)
  yield* Effect.addFinalizer(() => Farewell.say(Effect.suspend(() => unlock(unreleased.splice(0)))))

  /** A moment later, many at once: for those whose delivery has no message that may come so soon. */
  const releaseSoon = (owner: Owner) => Effect.sync(() => void unreleased.push(lockOf(owner)))

  /** At once; tried again where Redis does not answer. */
  const release = (owners: ReadonlyArray<Owner>) =>
    Effect.catchAll(unlock(owners.map(lockOf)), () => Effect.forEach(owners, releaseSoon, { discard: true }))

  // An earlier try may have taken the lock and lost sight of it.
  const ownAlready = (asked: ReadonlyArray<Claim>) =>
    asked.length === 0 ? Effect.succeed([]) : coordination.renew(asked.map(lockOf), lockTtl).pipe(
      Effect.map((renewed) => asked.filter((_, index) => renewed[index] === true)),
      Effect.orElseSucceed(() => [])
    )

  // Whether PostgreSQL took no claims last time. What is locked and cannot be claimed is kept from workers that could.
  let isAway = false

  /** For each in order. What is claimed is locked from here on, and nothing else is; just after an outage not even that. */
  const claim = Effect.fnUntraced(function*(asked: ReadonlyArray<Claim>) {
    // Without a lock the claim alone is the fence.
    const unlocked = () => asked.map(() => true)
    const locked = isAway
      ? unlocked()
      : yield* Effect.orElseSucceed(coordination.lock(asked.map(lockOf), lockTtl), unlocked)
    const free = asked.filter((_, index) => locked[index] === true)
    const mine = [...free, ...yield* ownAlready(asked.filter((_, index) => locked[index] !== true))]
    if (mine.length === 0) return asked.map(() => busy)
    // Whoever tries again does so by the same token, whose lock must not be released behind its back.
    const found = yield* Effect.tapErrorCause(claims.claim(mine), () => {
      isAway = true
      return Effect.ignore(unlock(mine.map(lockOf)))
    })
    isAway = false
    yield* release(mine.filter((_, index) => found[index]?._tag !== "Claimed"))
    const outcomes = new Map(mine.map((claim, index) => [claim, found[index]]))
    return asked.map((claim) => outcomes.get(claim) ?? busy)
  })

  return { claim, release, releaseSoon }
})
