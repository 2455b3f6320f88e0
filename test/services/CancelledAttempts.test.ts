import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, Either, Layer, Option } from "effect"
import { Deliveries } from "../../src/services/Deliveries.ts"
import { ClaimStore } from "../../src/services/store/ClaimStore.ts"
import { HoldStore } from "../../src/services/store/HoldStore.ts"
import { RecordStore } from "../../src/services/store/RecordStore.ts"
import { claim, report, success, work } from "../support/Claims.ts"
import * as Rows from "../support/Rows.ts"
import { stores } from "../support/Stores.ts"

/** A delivery that is claimed, and then cancelled before anything of its attempt is recorded. */
const cancelledInFlight = Effect.gen(function*() {
  const message = yield* Effect.flatMap(Rows.deliveries(yield* Rows.destination(), 1), ([_]) => Effect.fromNullable(_))
  const claimed = yield* Effect.flatMap(claim(message), work)
  const { attemptUnderWay } = yield* (yield* Deliveries).cancel("test", message.deliveryId, Option.none())
  assert.isTrue(attemptUnderWay)
  return { message, claimed }
})

const columns = Effect.fnUntraced(function*({ deliveryId }: { readonly deliveryId: string }) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql`
    SELECT state, due_at IS NULL AND held_at IS NULL AS over, failed_at IS NOT NULL AS failed, claim_token AS token,
      lease_until IS NOT NULL AS leased, next_attempt
    FROM deliveries WHERE id = ${deliveryId}`
  return row
})

const over = { over: true, leased: false, token: null }

layer(Deliveries.layer.pipe(Layer.provideMerge(stores())), { excludeTestServices: true, timeout: "60 seconds" })(
  "an attempt that is under way when its delivery is cancelled",
  (it) => {
    it.effect("is recorded, and not followed by another one", () =>
      Effect.gen(function*() {
        const { claimed, message } = yield* cancelledInFlight
        const reports = [report(claimed)]
        assert.deepStrictEqual(yield* (yield* RecordStore).record(reports), [true])
        assert.deepStrictEqual(yield* columns(message), { ...over, state: "cancelled", failed: true, next_attempt: 2 })
        assert.deepInclude(yield* Rows.row(message), { attempt_count: 1 })
        assert.strictEqual(yield* Rows.attempts(message), 1)
        assert.strictEqual((yield* claim({ ...message, attempt: 2 }))?._tag, "Stale")
        // The answer to the first was lost.
        assert.deepStrictEqual(yield* (yield* RecordStore).record(reports), [true])
        assert.strictEqual(yield* Rows.attempts(message), 1)
      }))

    it.effect("stays cancelled where it was the last one", () =>
      Effect.gen(function*() {
        const { claimed, message } = yield* cancelledInFlight
        yield* (yield* RecordStore).record([report(claimed, { state: "dead", delayMs: null })])
        assert.deepStrictEqual(yield* columns(message), { ...over, state: "cancelled", failed: true, next_attempt: 2 })
      }))

    it.effect("delivers it after all where it succeeds", () =>
      Effect.gen(function*() {
        const { claimed, message } = yield* cancelledInFlight
        assert.deepStrictEqual(yield* (yield* RecordStore).record([success(claimed)]), [true])
        assert.deepStrictEqual(yield* columns(message), { ...over, state: "delivered", failed: false, next_attempt: 2 })
      }))

    it.effect("is not made where it has not begun, and brings the delivery back in no way", () =>
      Effect.gen(function*() {
        const { claimed, message } = yield* cancelledInFlight
        const claims = yield* ClaimStore
        assert.strictEqual((yield* claims.renew([claimed])).size, 0)
        yield* claims.giveBack(claimed)
        yield* (yield* HoldStore).hold([{ ...message, token: claimed.token }])
        assert.deepInclude(yield* columns(message), { state: "cancelled", over: true, leased: false })
        assert.strictEqual((yield* claim(message))?._tag, "Stale")
      }))

    it.effect("comes to one end, whichever of the two is first", () =>
      Effect.gen(function*() {
        const to = yield* Rows.destination()
        const messages = yield* Rows.deliveries(to, 60)
        const { cancel } = yield* Deliveries
        const { record } = yield* RecordStore
        const results = yield* Effect.forEach(messages, (message, index) =>
          Effect.all({
            cancelled: Effect.either(cancel("test", message.deliveryId, Option.none())),
            recorded: Effect.flatMap(claim(message), (outcome) =>
              outcome?._tag === "Claimed"
                ? Effect.map(record([index % 2 === 0 ? success(outcome.work) : report(outcome.work)]), ([ours]) =>
                  Option.fromNullable(ours))
                : Effect.succeedNone)
          }, { concurrency: "unbounded" }), { concurrency: 10 })
        for (const [index, { cancelled, recorded }] of results.entries()) {
          const message = yield* Effect.fromNullable(messages[index])
          // A claim that was made is always recorded; what was cancelled before it makes none.
          assert.isFalse(Option.contains(recorded, false))
          assert.strictEqual(yield* Rows.attempts(message), Option.isNone(recorded) ? 0 : 1)
          const succeeded = Option.contains(recorded, true) && index % 2 === 0
          const row = yield* columns(message)
          assert.deepInclude(row, { ...over, state: succeeded ? "delivered" : "cancelled", failed: !succeeded })
          // Only what was delivered first cannot be cancelled.
          assert.isTrue(Either.isRight(cancelled) || succeeded)
        }
      }))
  }
)
