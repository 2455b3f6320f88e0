// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, it } from "@effect/vitest"
import { Context, Deferred, Duration, Effect, Fiber, Layer } from "effect"
import { Courier } from "../../src/services/Courier.ts"
import { CallbackClient } from "../../src/services/ports/CallbackClient.ts"
import { Coordination } from "../../src/services/ports/Coordination.ts"
import { HoldStore } from "../../src/services/store/HoldStore.ts"
import * as Rows from "../support/Rows.ts"
import { stores } from "../support/Stores.ts"

/** Rings when a delivery is about to be held. */
class Holding extends Context.Tag("sluice/test/services/CourierInterrupted.test/Holding")<
  Holding,
  Deferred.Deferred<void>
>() {
  static readonly layer = Layer.effect(Holding, Deferred.make<void>())
}

/** PostgreSQL holds nothing any more. */
const hanging = Layer.effect(
  HoldStore,
  Effect.map(
    Effect.all([HoldStore, Holding]),
    ([real, holding]) =>
      HoldStore.of({ ...real, hold: () => Effect.zipRight(Deferred.succeed(holding, undefined), Effect.never) })
  )
)

const uncalled = Layer.succeed(CallbackClient, {
  post: () => Effect.die("a call that the limit forbids"),
  check: () => Effect.void
})

it.scopedLive("a claim whose delivery is being held when the worker stops is given back", () =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const to = yield* Rows.destination()
    yield* sql`UPDATE destinations SET concurrency = 1 WHERE id = ${to.id}`
    yield* (yield* Coordination).enter(`places:${to.id}`, "an attempt of another worker", 1, Duration.minutes(1))
    const [message] = yield* Rows.deliveries(to, 1)
    const carrying = yield* Effect.fork((yield* Courier).carry(yield* Effect.fromNullable(message)))
    yield* Deferred.await(yield* Holding)
    assert.strictEqual((yield* Rows.row(message))?.state, "delivering")
    yield* Fiber.interrupt(carrying)
    assert.strictEqual((yield* Rows.row(message))?.state, "queued")
  }).pipe(Effect.provide(
    Layer.fresh(Courier.layer).pipe(
      Layer.provide(Layer.merge(hanging, uncalled)),
      Layer.provideMerge(Layer.merge(stores(), Holding.layer))
    )
  )))
