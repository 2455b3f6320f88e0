import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option, Schema } from "effect"
import { DeliveryId } from "../../src/domain/Ids.ts"
import { DeliveryMessage } from "../../src/domain/QueueMessage.ts"
import { Deliveries } from "../../src/services/Deliveries.ts"
import * as Ids from "../../src/services/Ids.ts"
import { Replays } from "../../src/services/Replays.ts"
import { HoldStore } from "../../src/services/store/HoldStore.ts"
import { RecordStore } from "../../src/services/store/RecordStore.ts"
import { claim, report, success, unclaimed, work } from "../support/Claims.ts"
import { FakeBroker } from "../support/FakeBroker.ts"
import * as Gateway from "../support/Gateway.ts"
import * as Rows from "../support/Rows.ts"
import { stores } from "../support/Stores.ts"

type Message = Effect.Effect.Success<ReturnType<typeof Rows.deliveries>>[number]

const onStores = Deliveries.layer.pipe(Layer.provideMerge(stores()))
const live = { excludeTestServices: true, timeout: "30 seconds" } as const

/** Deliveries of one destination, with their rows set as a test needs them. */
const one = Effect.fnUntraced(function*(assignments = "updated_at = now()") {
  const to = yield* Rows.destination()
  const message = yield* Effect.flatMap(Rows.deliveries(to, 1), ([_]) => Effect.fromNullable(_))
  yield* Rows.set(message, assignments)
  yield* published(DeliveryMessage)
  return { to, message }
})

/** One whose attempt has failed, and which waits for the next in a rung. */
const retrying = Effect.gen(function*() {
  const { message, to } = yield* one()
  const failed = report(yield* Effect.flatMap(claim(message), work), { delayMs: 3_600_000 })
  yield* (yield* RecordStore).record([failed])
  return { to, message, next: { ...message, attempt: 2 } }
})

const retry = ({ deliveryId }: Message) => Effect.flatMap(Deliveries, (_) => _.retry("night-shift", deliveryId))

const cancel = ({ deliveryId }: Message, reason?: string) =>
  Effect.flatMap(Deliveries, (_) => _.cancel("night-shift", deliveryId, Option.fromNullable(reason)))

/** What was published since the last look. */
const published = <A, I>(schema: Schema.Schema<A, I>) =>
  Effect.flatMap(
    FakeBroker,
    ({ published }) =>
      Effect.forEach(published.splice(0), ({ content }) => Schema.decodeUnknown(Schema.parseJson(schema))(content))
  )

const status = (to: Rows.To, assignment: string) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql`UPDATE destinations SET ${sql.literal(assignment)} WHERE id = ${to.id}`
  )

layer(onStores, live)("a delivery that is retried by hand", (it) => {
  it.effect("while it waits in a rung is sent at once, with the attempts that it has left", () =>
    Effect.gen(function*() {
      const { message, next } = yield* retrying
      const { delivery, outcome, replay } = yield* retry(message)
      assert.deepStrictEqual([outcome, replay], ["brought_forward", null])
      assert.deepInclude<object>(delivery, { id: message.deliveryId, status: "queued", attemptCount: 1, generation: 1 })
      assert.deepStrictEqual(yield* published(DeliveryMessage), [next])
      assert.strictEqual(yield* Gateway.audited("delivery.retried", message.deliveryId), 1)
      const attempt = yield* Effect.flatMap(claim(next), work)
      yield* (yield* RecordStore).record([success(attempt)])
      // What has waited in the rung comes out of it some day.
      assert.strictEqual((yield* claim(next))?._tag, "Stale")
      assert.deepInclude(yield* Rows.row(message), { state: "delivered", attempt_count: 2, generation: 1 })
    }))

  it.effect("and whose message comes out of its rung in the same moment is attempted once", () =>
    Effect.gen(function*() {
      const { message, next } = yield* retrying
      const [outcomes] = yield* Effect.all([
        Effect.all([claim(next), claim(next)], { concurrency: "unbounded" }),
        retry(message)
      ], { concurrency: "unbounded" })
      const more = yield* Effect.forEach(yield* published(DeliveryMessage), claim)
      const claimed = [...outcomes, ...more].filter((_) => _?._tag === "Claimed")
      assert.strictEqual(claimed.length, 1)
      assert.strictEqual((yield* Rows.row(message))?.state, "delivering")
    }))

  it.effect("after it was taken in on credit does not wait for its time", () =>
    Effect.gen(function*() {
      const { message } = yield* one("due_at = now() + interval '1 hour'")
      assert.strictEqual((yield* retry(message)).outcome, "brought_forward")
      assert.deepStrictEqual(yield* published(DeliveryMessage), [message])
    }))

  it.effect("stays due now where the broker is away", () =>
    Effect.gen(function*() {
      const { message } = yield* retrying
      const broker = yield* FakeBroker
      broker.refusing = true
      const { delivery } = yield* retry(message)
      broker.refusing = false
      assert.strictEqual(delivery.status, "pending")
      const sql = yield* SqlClient.SqlClient
      const [row] = yield* sql`SELECT due_at <= now() AS due FROM deliveries WHERE id = ${message.deliveryId}`
      assert.deepStrictEqual(row, { due: true })
    }))

  it.effect("while it is held for want of room is queued, and where a breaker is open it tries it", () =>
    Effect.gen(function*() {
      const { message, to } = yield* one()
      yield* (yield* HoldStore).hold([unclaimed(message)])
      const sql = yield* SqlClient.SqlClient
      yield* sql`
        INSERT INTO destination_troubles (destination_id, failures, opened_at, probe_at)
        VALUES (${to.id}, 20, now(), now() + interval '1 hour')`
      assert.strictEqual((yield* retry(message)).outcome, "brought_forward")
      assert.strictEqual((yield* claim(message))?._tag, "Claimed")
    }))

  it.effect("is refused, and stays as it is, while its destination takes nothing", () =>
    Effect.gen(function*() {
      const cases = [["status = 'paused'", "paused"], ["status = 'disabled'", "disabled"], [
        "deleted_at = now()",
        "deleted"
      ]] as const
      const states = [
        "state = 'retrying', due_at = now() + interval '1 hour'",
        "state = 'held', due_at = NULL, held_at = now()",
        "state = 'dead', due_at = NULL, failed_at = now()"
      ]
      for (const [assignment, why] of cases) {
        for (const state of states) {
          const { message, to } = yield* one(state)
          yield* status(to, assignment)
          const before = yield* Rows.row(message)
          const error = yield* Effect.flip(retry(message))
          assert.strictEqual(error._tag, "Conflict")
          assert.include(error.message, why)
          assert.deepStrictEqual(yield* Rows.row(message), before)
          assert.strictEqual(yield* Gateway.audited("delivery.retried", message.deliveryId), 0)
        }
      }
      assert.deepStrictEqual(yield* published(Schema.Unknown), [])
    }))

  it.effect("and is on its way already stays as it is", () =>
    Effect.gen(function*() {
      const { message: queued } = yield* one("state = 'queued', queued_at = now()")
      const { message: delivering } = yield* one()
      yield* claim(delivering)
      for (const message of [queued, delivering]) {
        assert.strictEqual((yield* retry(message)).outcome, "under_way")
        assert.strictEqual(yield* Gateway.audited("delivery.retried", message.deliveryId), 0)
      }
      assert.deepStrictEqual(yield* published(Schema.Unknown), [])
      assert.strictEqual((yield* Rows.row(delivering))?.state, "delivering")
    }))

  it.effect("after it has died, or was cancelled, begins again with a fresh budget", () =>
    Effect.gen(function*() {
      for (const state of ["dead", "cancelled"]) {
        const { message } = yield* one(
          `state = '${state}', due_at = NULL, failed_at = now(), next_attempt = 6, attempt_count = 5`
        )
        const { outcome, replay } = yield* retry(message)
        assert.strictEqual(outcome, "replayed")
        const { id, reason, status, total } = yield* Effect.fromNullable(replay)
        assert.deepStrictEqual([status, total], ["completed", 1])
        assert.include(reason, message.deliveryId)
        const again = { ...message, generation: 2 }
        assert.deepStrictEqual(yield* published(DeliveryMessage), [again])
        assert.deepInclude(yield* Rows.row(message), { state: "queued", generation: 2, next_attempt: 1 })
        assert.strictEqual((yield* retry(message)).outcome, "under_way")
        assert.strictEqual((yield* claim(again))?._tag, "Claimed")
        // Nothing of the replay is left to do.
        yield* (yield* Replays).run(id)
        assert.deepStrictEqual(yield* published(Schema.Unknown), [])
      }
    }))

  it.effect("by several at once after it has died is replayed once", () =>
    Effect.gen(function*() {
      const { message } = yield* one("state = 'dead', due_at = NULL, failed_at = now()")
      const retried = yield* Effect.all([1, 2, 3].map(() => retry(message)), { concurrency: "unbounded" })
      assert.strictEqual(retried.filter((_) => _.outcome === "replayed").length, 1)
      assert.deepInclude(yield* Rows.row(message), { state: "queued", generation: 2 })
      yield* published(DeliveryMessage)
    }))

  it.effect("and was delivered meanwhile is not sent again", () =>
    Effect.gen(function*() {
      const { message } = yield* one("state = 'delivered', due_at = NULL")
      const error = yield* Effect.flip(retry(message))
      assert.strictEqual(error._tag, "Conflict")
      assert.include(error.message, "/replay")
      assert.deepStrictEqual(yield* published(Schema.Unknown), [])
    }))

  it.effect("and does not exist is not found", () =>
    Effect.gen(function*() {
      const { retry, cancel } = yield* Deliveries
      const id = DeliveryId.make(yield* Ids.next)
      assert.strictEqual((yield* Effect.flip(retry("night-shift", id)))._tag, "NotFound")
      assert.strictEqual((yield* Effect.flip(cancel("night-shift", id, Option.none())))._tag, "NotFound")
    }))
})

layer(onStores, live)("a delivery that is cancelled", (it) => {
  it.effect("while it waits is over, and its message does nothing", () =>
    Effect.gen(function*() {
      const states = [
        "state = 'pending'",
        "state = 'queued', queued_at = now()",
        "state = 'retrying', due_at = now() + interval '1 hour'",
        "state = 'held', due_at = NULL, held_at = now()"
      ]
      for (const state of states) {
        const { message } = yield* one(state)
        const { attemptUnderWay, delivery } = yield* cancel(message, "sent by mistake")
        assert.deepStrictEqual([delivery.status, delivery.nextAttemptAt, attemptUnderWay], ["cancelled", null, false])
        assert.strictEqual((yield* claim(message))?._tag, "Stale")
        assert.deepInclude(yield* Rows.row(message), { state: "cancelled", attempt_count: 0, due: false })
        const sql = yield* SqlClient.SqlClient
        const entries = yield* sql`
          SELECT actor, action, detail->>'reason' AS reason FROM audit_entries WHERE subject_id = ${message.deliveryId}`
        assert.deepStrictEqual([...entries], [
          { actor: "night-shift", action: "delivery.cancelled", reason: "sent by mistake" }
        ])
      }
    }))

  it.effect("is not cancelled once it has ended", () =>
    Effect.gen(function*() {
      for (
        const state of [
          "state = 'delivered'",
          "state = 'dead', failed_at = now()",
          "state = 'cancelled', failed_at = now()"
        ]
      ) {
        const { message } = yield* one(`${state}, due_at = NULL`)
        assert.strictEqual((yield* Effect.flip(cancel(message)))._tag, "Conflict")
        assert.strictEqual(yield* Gateway.audited("delivery.cancelled", message.deliveryId), 0)
      }
    }))
})
