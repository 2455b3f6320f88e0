import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { DeliveryDetail, DeliveryState } from "../../../src/domain/Delivery.ts"
import { Replay } from "../../../src/domain/Replay.ts"
import { EventStore } from "../../../src/services/store/EventStore.ts"
import { Vault } from "../../../src/services/Vault.ts"
import * as Callback from "../../support/Callback.ts"
import { eventually } from "../../support/Eventually.ts"
import * as Gateway from "../../support/Gateway.ts"
import { onTwins } from "../../support/Gateways.ts"
import * as Rows from "../../support/Rows.ts"
import * as Api from "../Api.ts"

const withStores = Layer.merge(EventStore.layer, Vault.layer).pipe(Layer.provideMerge(Api.onTwins()))

/** The times that a delivery in a state has, as the workers leave it. */
const times: Readonly<Record<DeliveryState, string>> = {
  pending: "due_at = now()",
  queued: "due_at = now(), queued_at = now()",
  delivering: "due_at = now(), lease_until = now() + interval '1 minute'",
  retrying: "due_at = now() + interval '1 minute', attempt_count = 1",
  held: "due_at = NULL, held_at = now()",
  delivered: "due_at = NULL, attempt_count = 1",
  dead: "due_at = NULL, failed_at = now(), attempt_count = 5, last_error = 'HTTP 500'",
  cancelled: "due_at = NULL, failed_at = now()"
}

const ids = (query: string) => Effect.map(Api.deliveries(query), ({ data }) => data.map((_) => _.id as string))

layer(withStores, Api.live)("deliveries", (it) => {
  it.effect("are found by each status and by destination, without their attempts", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const one = yield* Rows.destination()
      const other = yield* Rows.destination("http://127.0.0.1:2/other")
      const made = yield* Effect.forEach(DeliveryState.literals, (state) =>
        Effect.gen(function*() {
          const [mine, theirs] = [yield* Rows.deliveries(one, 1), yield* Rows.deliveries(other, 1)]
          yield* sql`
            UPDATE deliveries SET state = ${state}, ${sql.literal(times[state])}
            WHERE id IN ${sql.in([...mine, ...theirs].map((_) => _.deliveryId))}`
          return { state, mine: mine[0]?.deliveryId ?? "", theirs: theirs[0]?.deliveryId ?? "" }
        }))
      for (const { mine, state, theirs } of made) {
        // Made within one millisecond, either may be the later one.
        assert.deepStrictEqual(yield* ids(`status=${state}`), [theirs, mine].toSorted().toReversed(), state)
        assert.deepStrictEqual(yield* ids(`status=${state}&destinationId=${one.id}`), [mine], state)
        assert.deepStrictEqual(yield* ids(`status=${state}&integration=${other.integrationId}`), [theirs], state)
      }
      assert.sameMembers(yield* ids(`destinationId=${one.id}`), made.map((_) => _.mine))
      assert.sameMembers(yield* ids("limit=200"), made.flatMap((_) => [_.mine, _.theirs]))
      assert.deepStrictEqual(yield* ids(`integration=${one.integrationId}&destinationId=${other.id}`), [])
      const dead = yield* Api.deliveries(`status=dead&destinationId=${other.id}`)
      assert.deepInclude(dead.data[0], {
        destinationUrl: "http://127.0.0.1:2/other",
        status: "dead",
        attemptCount: 5,
        nextAttemptAt: null,
        lastError: "HTTP 500"
      })
    }))

  it.effect("are asked for in statuses and destinations that can be", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      assert.deepStrictEqual(Api.complaints(yield* manage("/deliveries?status=lost")), ["status"])
      assert.deepStrictEqual(Api.complaints(yield* manage("/deliveries?destinationId=no-id")), ["destinationId"])
      assert.deepStrictEqual(yield* ids("destinationId=019ab1f0-0000-7000-8000-000000000000"), [])
    }))
})

layer(onTwins(), Api.live)("a delivery", (it) => {
  it.scoped("shows each of its attempts with what the callback said", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const callback = yield* Callback.make
      yield* callback.answer((response, number) => Callback.status(number === 1 ? 500 : 200)(response, number))
      const { send } = yield* Gateway.integration("attempts", callback.url)
      const { eventId } = yield* Gateway.accepted(yield* send("one"))
      const event = yield* eventually(Gateway.event(eventId), (_) => _.status === "delivered")
      const { json } = yield* manage(`/deliveries/${event.deliveries[0]?.id}`)
      const delivery = yield* Schema.decodeUnknown(DeliveryDetail, { onExcessProperty: "error" })(json)
      assert.deepInclude<object>(delivery, { eventId, status: "delivered", attemptCount: 2, nextAttemptAt: null })
      assert.deepStrictEqual(
        delivery.attempts.map((_) => [_.number, _.outcome, _.httpStatus, _.error, _.responseBody]),
        [[1, "failure", 500, "HTTP 500", "no"], [2, "success", 200, null, ""]]
      )
      assert.deepStrictEqual(delivery, event.deliveries[0])
    }))

  it.scoped("is made again by a replay, for one destination if it is named", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const one = yield* Callback.make
      const other = yield* Callback.make
      const { destinations, id, send } = yield* Gateway.integration("replayed", one.url)
      yield* manage(`/integrations/${id}/destinations`, { url: other.url })
      const { eventId } = yield* Gateway.accepted(yield* send("one"))
      yield* eventually(Gateway.event(eventId), (_) => _.status === "delivered")
      const answer = yield* manage(`/events/${eventId}/replay`, {
        reason: " mended ",
        destinationId: destinations[0]?.id
      })
      assert.strictEqual(answer.status, 202, answer.text)
      const replay = yield* Schema.decodeUnknown(Replay, { onExcessProperty: "error" })(answer.json)
      assert.deepInclude<object>(replay, { reason: "mended", eventId, destinationId: destinations[0]?.id, total: 1 })
      yield* one.awaitReceived(2)
      yield* eventually(Gateway.event(eventId), (_) => _.status === "delivered")
      assert.strictEqual(other.received.length, 1)
    }))

  it.scoped("is not made again without a reason, nor for a destination of somebody else", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const callback = yield* Callback.make
      const { send } = yield* Gateway.integration("unreasoned", callback.url)
      const stranger = yield* Gateway.integration("stranger", callback.url)
      const { eventId } = yield* Gateway.accepted(yield* send("one"))
      const bad = [{}, { reason: "" }, { reason: "  " }, { reason: 1 }, { reason: "x".repeat(1_001) }]
      for (const body of bad) {
        assert.deepStrictEqual(Api.complaints(yield* manage(`/events/${eventId}/replay`, body)), ["reason"])
      }
      const path = `/events/${eventId}/replay`
      assert.deepStrictEqual(Api.complaints(yield* manage(path, { reason: "r", destinationId: "x" })), [
        "destinationId"
      ])
      assert.deepStrictEqual(Api.complaints(yield* manage(path, { reason: "r", to: "x" })), ["to"])
      const theirs = { reason: "r", destinationId: stranger.destinations[0]?.id }
      Api.failed(yield* manage(path, theirs), 404, "not_found")
    }))
})
