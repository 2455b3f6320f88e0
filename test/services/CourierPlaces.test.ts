// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { Courier } from "../../src/services/Courier.ts"
import { Lanes } from "../../src/services/Lanes.ts"
import { CallbackClient } from "../../src/services/ports/CallbackClient.ts"
import { RecordStore } from "../../src/services/store/RecordStore.ts"
import * as Rows from "../support/Rows.ts"
import { stores } from "../support/Stores.ts"

const answering = Layer.succeed(CallbackClient, {
  post: () => Effect.succeed({ _tag: "Answered", status: 200, body: "", retryAfter: Option.none() }),
  check: () => Effect.void
})

/** While an attempt is recorded, whether another finds a place in a lane of one. */
const looking = (found: Array<boolean>) =>
  Layer.effect(
    RecordStore,
    Effect.map(Effect.all([RecordStore, Lanes]), ([real, lanes]) =>
      RecordStore.of({
        record: (reports) =>
          Effect.forEach(reports, ({ destinationId }) =>
            lanes.bound(destinationId, { concurrency: 1, closedUntil: 0 }).pipe(
              Effect.zipRight(lanes.pass(destinationId, {
                again: Option.none(),
                inside: () => Effect.succeed(true),
                otherwise: Effect.succeed(false)
              })),
              Effect.tap((isInside) => Effect.sync(() => found.push(isInside)))
            )).pipe(Effect.zipRight(real.record(reports)))
      }))
  )

const found: Array<boolean> = []

layer(
  Layer.fresh(Courier.layer).pipe(Layer.provide(Layer.merge(answering, looking(found))), Layer.provideMerge(stores())),
  { excludeTestServices: true }
)("the place of an attempt", (it) => {
  const carried = Effect.fnUntraced(function*(concurrency: number | null) {
    const sql = yield* SqlClient.SqlClient
    const to = yield* Rows.destination()
    yield* sql`UPDATE destinations SET concurrency = ${concurrency} WHERE id = ${to.id}`
    const [message] = yield* Rows.deliveries(to, 1)
    yield* (yield* Courier).carry(yield* Effect.fromNullable(message))
    assert.strictEqual((yield* Rows.row(message))?.state, "delivered")
    return found.pop()
  })

  it.effect("is another's as soon as the call has ended, before it is recorded", () =>
    Effect.gen(function*() {
      assert.isTrue(yield* carried(null))
    }))

  it.effect("is kept until it is recorded where all workers count it", () =>
    Effect.gen(function*() {
      assert.isFalse(yield* carried(1))
    }))
})
