import { Context, Duration, Effect, Layer, Option } from "effect"
import * as Elapsed from "./Elapsed.ts"
import { Lanes } from "./Lanes.ts"
import { Coordination } from "./ports/Coordination.ts"
import { Settings } from "./Settings.ts"
import type { Work } from "./store/ClaimStore.ts"

/** What a destination allows, over all workers. Without Redis each worker's lanes alone bound it. */
export class Limits extends Context.Tag("sluice/services/Limits")<Limits, {
  /** Whether the attempt may be made now. Until it leaves it has a place. */
  readonly admit: (work: Work) => Effect.Effect<boolean>
  /** Keeps a place that an attempt has, also where Redis has forgotten it. */
  readonly renew: (work: Work) => Effect.Effect<void>
  /** Gives a place up, where there is one. */
  readonly leave: (work: Work) => Effect.Effect<void>
}>() {
  static readonly layer = Layer.effect(Limits, Effect.suspend(() => make))
}

// Other workers hold its places; nothing here tells when they are free.
const whenFull = Duration.seconds(1)

const make = Effect.gen(function*() {
  const coordination = yield* Coordination
  const lanes = yield* Lanes
  const { lockTtl } = yield* Settings

  const key = ({ destinationId }: Work) => `places:${destinationId}`
  const enter = (work: Work) =>
    work.concurrency === null
      ? Effect.succeed(true)
      : Effect.orElseSucceed(coordination.enter(key(work), work.token, work.concurrency, lockTtl), () => true)

  const leave = (work: Work) =>
    work.concurrency === null ? Effect.void : Effect.ignore(coordination.leave(key(work), work.token))

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
