// @effect-diagnostics strictEffectProvide:off
import { it } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber, Layer, Option } from "effect"
import { DestinationId } from "../../src/domain/Ids.ts"
import * as Ids from "../../src/services/Ids.ts"
import { Lanes } from "../../src/services/Lanes.ts"
import { Settings } from "../../src/services/Settings.ts"
import * as Grounds from "./Grounds.ts"

export const places = 16
export const unbounded = { concurrency: null, closedUntil: 0 }

/** A test of the lanes of a worker with those places. */
export const test = (name: string, program: Effect.Effect<void, never, Lanes>) =>
  it.effect(name, () =>
    Effect.provide(
      program,
      Layer.provide(Lanes.layer, Layer.succeed(Settings, Grounds.settings({ workerConcurrency: places })))
    ))

/** The id of a new one. */
export const destination = Effect.map(Ids.next, (id) => DestinationId.make(id))

/** Attempts that last until they are told to end, each with what came of its turn: true inside, false turned away. */
export const arrive = Effect.fnUntraced(function*(destinationId: DestinationId, count: number, again = false) {
  const lanes = yield* Lanes
  return yield* Effect.forEach(Array.from({ length: count }), () =>
    Effect.gen(function*() {
      const end = yield* Deferred.make<void>()
      const entered = yield* Deferred.make<boolean>()
      const fiber = yield* Effect.fork(lanes.pass(destinationId, {
        again: again ? Option.some(Effect.void) : Option.none(),
        inside: (called) =>
          Deferred.succeed(entered, true).pipe(
            Effect.zipRight(Effect.timed(Deferred.await(end))),
            Effect.flatMap(([took]) => called({ took: Duration.toMillis(took), givesUp: false }))
          ),
        otherwise: Effect.asVoid(Deferred.succeed(entered, false))
      }))
      yield* Effect.yieldNow()
      return { entered, fiber, end: Effect.zipRight(Deferred.succeed(end, undefined), Fiber.join(fiber)) }
    }))
})

type Attempts = Effect.Effect.Success<ReturnType<typeof arrive>>

/** How many are inside, how many were turned away; the others wait. */
export const tally = Effect.fnUntraced(function*(attempts: Attempts) {
  const known = yield* Effect.filter(attempts, ({ entered }) => Deferred.isDone(entered))
  const inside = yield* Effect.filter(known, ({ entered }) => Deferred.await(entered))
  return { inside: inside.length, away: known.length - inside.length }
})
