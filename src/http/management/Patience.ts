import { Context, Duration, Effect, Layer, Option } from "effect"
import { Settings } from "../../services/Settings.ts"
import { PoolShare } from "../../services/store/PoolShare.ts"
import * as Failure from "../Failure.ts"

/** Keeps management from taking what webhooks need: connections to PostgreSQL, and time. */
export class Patience extends Context.Tag("sluice/http/management/Patience")<Patience, {
  /** Gives a call of a route up that takes too long, with 503. What it was doing is cancelled behind its answer. */
  readonly bound: <A, E, R>(path: string, call: Effect.Effect<A, E, R>) => Effect.Effect<A, E | Failure.Failure, R>
}>() {
  static readonly layer = Layer.effect(Patience, Effect.suspend(() => make))
}

// Of the ten that the API role has. Whoever asks more at once waits, and webhooks do not.
const connections = 4

// It waits for somebody else's server, and that may take as long as an attempt.
const testsCallback = /\/destinations\/:id\/test$/

const make = Effect.gen(function*() {
  const { deliveryTimeout, manageWithin } = yield* Settings
  const share = Option.some(yield* Effect.makeSemaphore(connections))

  const late = (path: string, duration: Duration.Duration) =>
    Effect.zipRight(
      Effect.logWarning("A management call took too long and was given up", { path }),
      Failure.fail(
        "unavailable",
        `This took longer than ${
          Duration.format(duration)
        } and was given up. Ask for less, such as a shorter time or a ` +
          "smaller limit, or try again soon. What the call was to change may have been changed."
      )
    )

  return Patience.of({
    bound: (path, call) => {
      const duration = testsCallback.test(path) ? Duration.sum(manageWithin, deliveryTimeout) : manageWithin
      return Effect.provideService(call, PoolShare, share).pipe(
        // A statement on a connection that has gone silent ends long after nobody waits for it any more.
        Effect.disconnect,
        Effect.timeoutTo({ duration, onSuccess: Effect.succeed, onTimeout: () => late(path, duration) }),
        Effect.flatten
      )
    }
  })
})
