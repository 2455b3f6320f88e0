import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { DeliveryId } from "../../../src/domain/Ids.ts"
import * as Ids from "../../../src/services/Ids.ts"
import { ClaimStore } from "../../../src/services/store/ClaimStore.ts"
import { DispatchStore } from "../../../src/services/store/DispatchStore.ts"
import { EventStore } from "../../../src/services/store/EventStore.ts"
import { RecordStore } from "../../../src/services/store/RecordStore.ts"
import { claim, report, success, work } from "../../support/Claims.ts"
import * as Rows from "../../support/Rows.ts"
import { stores } from "../../support/Stores.ts"

layer(stores({ lockTtl: Duration.minutes(1) }), { excludeTestServices: true, timeout: "30 seconds" })(
  "a claim",
  (it) => {
    it.effect("is had by one of many at the same time", () =>
      Effect.gen(function*() {
        const [message] = yield* Rows.deliveries(yield* Rows.destination(), 1)
        const outcomes = yield* Effect.forEach(Array.from({ length: 20 }), () => claim(message), {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual(outcomes.map((_) => String(_?._tag)).toSorted(), [
          ...Array.from({ length: 19 }, () => "Busy"),
          "Claimed"
        ])
      }))

    it.effect("is had once when one batch asks twice", () =>
      Effect.gen(function*() {
        const [message] = yield* Rows.deliveries(yield* Rows.destination(), 1)
        const twice = [{ ...(yield* Effect.fromNullable(message)), token: yield* Ids.next }, {
          ...(yield* Effect.fromNullable(message)),
          token: yield* Ids.next
        }]
        const outcomes = yield* (yield* ClaimStore).claim(twice)
        assert.deepStrictEqual(outcomes.map((_) => _._tag).toSorted(), ["Busy", "Claimed"])
      }))

    it.effect("is refused to a message whose generation or attempt is not the next one, and to a delivery that is not there", () =>
      Effect.gen(function*() {
        const [message] = yield* Rows.deliveries(yield* Rows.destination(), 1)
        const known = yield* Effect.fromNullable(message)
        const nowhere = DeliveryId.make(yield* Ids.next)
        for (
          const stale of [
            { ...known, attempt: 2 },
            { ...known, generation: 2 },
            { ...known, attempt: 0 },
            Rows.message(nowhere, known.destinationId)
          ]
        ) {
          assert.strictEqual((yield* claim(stale))?._tag, "Stale")
        }
        assert.strictEqual((yield* claim(known))?._tag, "Claimed")
      }))

    it.effect("that lapsed and was queued again is taken up by its own worker, until another one has it", () =>
      Effect.gen(function*() {
        const { renew } = yield* ClaimStore
        const { record } = yield* RecordStore
        const messages = yield* Rows.deliveries(yield* Rows.destination(), 3)
        const lapsed = yield* Effect.forEach(messages, (message) => Effect.flatMap(claim(message), work))
        yield* Effect.forEach(messages, (message) => Rows.set(message, "lease_until = now() - interval '1 second'"))
        yield* (yield* DispatchStore).markQueued(messages)
        const [renewed, recorded, lost] = lapsed
        assert(renewed !== undefined && recorded !== undefined && lost !== undefined)

        assert.deepStrictEqual([...(yield* renew([renewed]))], [renewed.token])
        assert.strictEqual((yield* claim(messages[0]))?._tag, "Busy")
        assert.deepStrictEqual(yield* record([success(recorded)]), [true])
        assert.strictEqual((yield* claim(messages[1]))?._tag, "Stale")
        assert.strictEqual((yield* claim(messages[2]))?._tag, "Claimed")
        assert.deepStrictEqual([...(yield* renew([lost]))], [])
        assert.deepStrictEqual(yield* record([success(lost)]), [false])
      }))

    it.effect("brings what the attempt needs", () =>
      Effect.gen(function*() {
        const to = yield* Rows.destination("http://127.0.0.1:9/somewhere")
        const [message] = yield* Rows.deliveries(to, 1)
        const claimed = yield* work(yield* claim(message))
        assert.strictEqual(claimed.url, "http://127.0.0.1:9/somewhere")
        assert.strictEqual(claimed.attempt, 1)
        assert.deepStrictEqual(JSON.parse(claimed.headers ?? ""), { "content-type": ["application/json"] })
        assert.strictEqual(Buffer.from(claimed.body ?? []).toString(), "{\"n\":1}")
      }))

    it.effect("lasts for its lease, which can be renewed by its token alone", () =>
      Effect.gen(function*() {
        const claims = yield* ClaimStore
        const [message] = yield* Rows.deliveries(yield* Rows.destination(), 1)
        const claimed = yield* work(yield* claim(message))
        yield* Rows.set(message, "lease_until = now() - interval '1 second'")
        assert.deepStrictEqual(
          yield* claims.renew([{ deliveryId: claimed.deliveryId, token: yield* Ids.next }]),
          new Set()
        )
        assert.deepStrictEqual(yield* claims.renew([claimed]), new Set([claimed.token]))
        assert.strictEqual((yield* claim(message))?._tag, "Busy")
        yield* Rows.set(message, "lease_until = now() - interval '1 second'")
        assert.strictEqual((yield* claim(message))?._tag, "Claimed")
      }))

    it.effect("whose answer was lost is had again by the same token", () =>
      Effect.gen(function*() {
        const [message] = yield* Rows.deliveries(yield* Rows.destination(), 1)
        const again = { ...(yield* Effect.fromNullable(message)), token: yield* Ids.next }
        const { claim } = yield* ClaimStore
        const outcomes = yield* Effect.replicateEffect(claim([again]), 2)
        assert.deepStrictEqual(outcomes.flat().map((_) => _._tag), ["Claimed", "Claimed"])
      }))

    it.effect("that is given back can be had at once", () =>
      Effect.gen(function*() {
        const [message] = yield* Rows.deliveries(yield* Rows.destination(), 1)
        yield* (yield* ClaimStore).giveBack(yield* work(yield* claim(message)))
        assert.strictEqual((yield* claim(message))?._tag, "Claimed")
      }))

    it.effect("holds the delivery of a paused or disabled destination, and cancels that of a deleted one", () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        for (
          const [change, outcome, state] of [["status = 'paused'", "Held", "held"], [
            "status = 'disabled'",
            "Held",
            "held"
          ], ["deleted_at = now()", "Cancelled", "cancelled"]] as const
        ) {
          const to = yield* Rows.destination()
          const [message] = yield* Rows.deliveries(to, 1)
          yield* sql`UPDATE destinations SET ${sql.literal(change)} WHERE id = ${to.id}`
          assert.strictEqual((yield* claim(message))?._tag, outcome)
          assert.deepInclude(yield* Rows.row(message), { state, due: false, attempt_count: 0 })
          // A copy of its message would otherwise circle for as long as that lasts.
          assert.strictEqual((yield* claim(message))?._tag, "Stale")
        }
      }))

    it.effect("carries a large body apart", () =>
      Effect.gen(function*() {
        const to = yield* Rows.destination()
        const event = Rows.newEvent([to], { body: Buffer.alloc(200_000, "y") })
        yield* (yield* EventStore).insert([event])
        const [delivery] = event.deliveries
        const claimed = yield* work(yield* claim(delivery && Rows.message(delivery.id, to.id)))
        assert.isNull(claimed.body)
        const body = yield* Effect.flatten((yield* ClaimStore).load(claimed))
        assert.strictEqual(body.byteLength, 200_000)
      }))

    it.effect("is spent by its record: attempt and next state come together", () =>
      Effect.gen(function*() {
        const records = yield* RecordStore
        const [message] = yield* Rows.deliveries(yield* Rows.destination(), 1)
        const claimed = yield* work(yield* claim(message))
        assert.deepStrictEqual(yield* records.record([report(claimed)]), [true])
        assert.deepInclude(yield* Rows.row(message), {
          state: "retrying",
          next_attempt: 2,
          attempt_count: 1,
          due: true
        })
        // The answer to a record may be lost: the same one again is still its own, and counts once.
        assert.deepStrictEqual(yield* records.record([report(claimed)]), [true])
        assert.strictEqual(yield* Rows.attempts(message), 1)
        assert.strictEqual((yield* claim(message))?._tag, "Stale")
        assert.strictEqual((yield* claim({ ...(yield* Effect.fromNullable(message)), attempt: 2 }))?._tag, "Claimed")
      }))

    it.effect("that was lost to a successor changes nothing any more", () =>
      Effect.gen(function*() {
        const records = yield* RecordStore
        const [message] = yield* Rows.deliveries(yield* Rows.destination(), 1)
        const frozen = yield* work(yield* claim(message))
        yield* Rows.set(message, "lease_until = now() - interval '1 second'")
        const successor = yield* work(yield* claim(message))
        assert.deepStrictEqual(yield* records.record([report(frozen, { state: "dead", delayMs: null })]), [false])
        assert.deepStrictEqual(
          yield* records.record([
            report(successor, { state: "delivered", error: null, httpStatus: 200, delayMs: null })
          ]),
          [true]
        )
        assert.deepInclude(yield* Rows.row(message), { state: "delivered", attempt_count: 1, due: false })
        assert.strictEqual(yield* Rows.attempts(message), 1)
      }))

    it.effect("that a replay overtook is recorded together with its successor's, each as its own call", () =>
      Effect.gen(function*() {
        const { record } = yield* RecordStore
        for (const order of [1, -1]) {
          const [message] = yield* Rows.deliveries(yield* Rows.destination(), 1)
          const known = yield* Effect.fromNullable(message)
          const old = yield* work(yield* claim(message))
          yield* Rows.set(message, "generation = 2, next_attempt = 1, state = 'pending', claim_token = NULL")
          const reports = [report(old), success(yield* work(yield* claim({ ...known, generation: 2 })))]
          const outcomes = yield* record(order === 1 ? reports : reports.toReversed())
          assert.deepStrictEqual(outcomes, order === 1 ? [false, true] : [true, false])
          assert.deepInclude(yield* Rows.row(message), { state: "delivered", attempt_count: 2 })
          assert.strictEqual(yield* Rows.attempts(message), 2)
        }
      }))

    it.effect("that a replay overtook is recorded as a call of its old generation only", () =>
      Effect.gen(function*() {
        const records = yield* RecordStore
        const [message] = yield* Rows.deliveries(yield* Rows.destination(), 1)
        const old = yield* work(yield* claim(message))
        yield* Rows.set(
          message,
          "generation = 2, next_attempt = 1, state = 'pending', claim_token = NULL, lease_until = NULL"
        )
        assert.deepStrictEqual(yield* records.record([report(old)]), [false])
        assert.deepInclude(yield* Rows.row(message), {
          state: "pending",
          generation: 2,
          next_attempt: 1,
          attempt_count: 1
        })
        assert.strictEqual(yield* Rows.attempts(message), 1)
        // Its answer was lost: the same one again.
        assert.deepStrictEqual(yield* records.record([report(old)]), [false])
        assert.deepInclude(yield* Rows.row(message), { state: "pending", attempt_count: 1 })
        assert.strictEqual(yield* Rows.attempts(message), 1)
      }))
  }
)
