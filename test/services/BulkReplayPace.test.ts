// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, type Layer } from "effect"
import * as Bulk from "../support/Bulk.ts"
import { FakeBroker } from "../support/FakeBroker.ts"
import * as Rows from "../support/Rows.ts"
import { stores } from "../support/Stores.ts"

const fresh = () => stores()

type Needs = Layer.Layer.Success<ReturnType<typeof fresh>>

const test = <E>(name: string, program: Effect.Effect<void, E, Needs>) =>
  it.scopedLive(name, () => Effect.provide(program, fresh()))

describe("a bulk replay's pace", () => {
  test(
    "with a rate does that many in a slice, and the next one a second later",
    Effect.gen(function*() {
      yield* Bulk.received([yield* Rows.destination()], 30)
      const { id } = yield* Bulk.request(Bulk.events(), 20)
      const [took] = yield* Effect.timed(Effect.zipRight(Bulk.run(id, 0), Bulk.run(id, 1)))
      assert.isAtLeast(Duration.toMillis(took), 900)
      assert.isAtMost(Duration.toMillis(took), 2_500)
      assert.deepInclude<object>(yield* Bulk.replay(id), { status: "completed", done: 30, ratePerSecond: 20 })
    })
  )

  test(
    "lets the next slice wait while much stands in the retry queue already",
    Effect.gen(function*() {
      yield* Bulk.received([yield* Rows.destination()], 501)
      const { id } = yield* Bulk.request(Bulk.events())
      const broker = yield* FakeBroker
      broker.waiting = 3_500
      yield* Bulk.run(id, 0)
      const sql = yield* SqlClient.SqlClient
      const [row] = yield* sql<{ readonly pause: number }>`
        SELECT (extract(epoch FROM next_slice_at - updated_at) * 1000)::int AS pause FROM replays WHERE id = ${id}`
      assert.strictEqual(row?.pause, 1_500)
    })
  )
})
