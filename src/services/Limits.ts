import { Context, Duration, Effect, Layer, Option, Schedule } from "effect"
import * as Elapsed from "./Elapsed.ts"
import { Lanes } from "./Lanes.ts"
import * as Loop from "./Loop.ts"
import { Coordination } from "./ports/Coordination.ts"
import { Settings } from "./Settings.ts"
import type { Work } from "./store/ClaimStore.ts"

/** What a destination allows, over all workers. Without Redis each worker's lanes alone bound it. */
export class Limits extends Context.Tag("sluice/services/Limits")<Limits, {
  /** Whether the attempt may be made now. Until it leaves it has a place. */
  readonly admit: (work: Work) => Effect.Effect<boolean>
  /** Keeps a place that an attempt has, also where Redis has forgotten it. */
  readonly renew: (work: Work) => Effect.Effect<void>
  /** Gives a place up, where there is one; a moment later where Redis does not answer. */
  readonly leave: (work: Work) => Effect.Effect<void>
}>() {
  static readonly layer = Layer.scoped(Limits, Effect.suspend(() => make))
}

// Other workers hold its places; nothing here tells when they are free.
const whenFull = Duration.seconds(1)
const leaveEvery = Duration.seconds(1)
// Redis is away while so many wait; the oldest are the first to lapse by themselves.
const mostUnleft = 10_000

const make = Effect.gen(function*() {
  const coordination = yield* Coordination
  const lanes = yield* Lanes
  const { lockTtl } = yield* Settings

  const key = ({ destinationId }: Work) => `places:${destinationId}`
  const enter = (work: Work) =>
    work.concurrency === null
      ? Effect.succeed(true)
      : Effect.orElseSucceed(coordination.enter(key(work), work.token, work.concurrency, lockTtl), () => true)

  // Places that are not given up yet, by their tokens.
  const unleft = new Map<string, string>()
  const leaveNow = (key: string, token: string) =>
    Effect.zipRight(coordination.leave(key, token), Effect.sync(() => unleft.delete(token)))
  const leave = (work: Work) =>
    work.concurrency === null ? Effect.void : Effect.catchAll(leaveNow(key(work), work.token), () =>
      Effect.sync(() => {
        unleft.set(work.token, key(work))
        const [oldest] = unleft.keys()
        if (unleft.size > mostUnleft && oldest !== undefined) unleft.delete(oldest)
      }))
  // Until the first that fails: while Redis is away the others would too.
  const leaveAgain = Effect.suspend(() =>
    Effect.ignore(Effect.forEach([...unleft], ([token, key]) => leaveNow(key, token), { discard: true }))
  )
  yield* Loop.forkRepeating("Giving places up", Schedule.spaced(leaveEvery), leaveAgain)

  /** Milliseconds until the rate allows one more; zero when this one is allowed. */
  const delay = (work: Work) =>
    work.rateLimitPerMinute === null
      ? Effect.succeed(0)
      : Effect.map(
        Effect.option(coordination.take(`deliveries:${work.destinationId}`, work.rateLimitPerMinute)),
        Option.match({ onNone: () => 0, onSome: (_) => _.allowed ? 0 : Math.max(1, _.retryAfterMs) })
      )

  const asked = Effect.fnUntraced(function*(work: Work) {
    const entered = yield* enter(work)
    const wait = entered ? yield* delay(work) : Duration.toMillis(whenFull)
    const now = yield* Elapsed.millis
    yield* lanes.bound(work.destinationId, {
      concurrency: work.concurrency,
      closedUntil: wait === 0 ? 0 : now + wait
    })
    return wait === 0
  })

  return Limits.of({
    admit: (work) =>
      work.concurrency === null && work.rateLimitPerMinute === null
        ? Effect.as(lanes.bound(work.destinationId, { concurrency: null, closedUntil: 0 }), true)
        : asked(work),
    renew: (work) => Effect.asVoid(enter(work)),
    leave
  })
})
