import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { EventStore } from "../../../src/services/store/EventStore.ts"
import { Vault } from "../../../src/services/Vault.ts"
import { Clients, guarded, onTwins, refused } from "../../support/Client.ts"
import * as Gateway from "../../support/Gateway.ts"
import * as Rows from "../../support/Rows.ts"
import * as Api from "../Api.ts"

const withStores = Layer.merge(EventStore.layer, Vault.layer).pipe(Layer.provideMerge(onTwins()))

const delivery = Effect.fnUntraced(function*(assignments: string) {
  const to = yield* Rows.destination()
  const message = yield* Effect.flatMap(Rows.deliveries(to, 1), ([_]) => Effect.fromNullable(_))
  yield* Rows.set(message, assignments)
  return { to, path: { id: message.deliveryId } }
})

const retrying = "state = 'retrying', attempt_count = 1, next_attempt = 2, due_at = now() + interval '1 hour'"
const dead = "state = 'dead', due_at = NULL, failed_at = now()"
const nobody = { id: "019ab1f0-0000-7000-8000-000000000000" }

layer(withStores, Api.live)("retrying a delivery", (it) => {
  it.effect("answers 202 with what was done", () =>
    Effect.gen(function*() {
      const { operator: client } = yield* Clients
      const waiting = yield* delivery(retrying)
      const sent = yield* client.deliveries.retry({ path: waiting.path })
      assert.deepStrictEqual([sent.outcome, sent.delivery.status, sent.replay], ["brought_forward", "queued", null])
      const again = yield* client.deliveries.retry({ path: waiting.path })
      assert.strictEqual(again.outcome, "under_way")
      const ended = yield* delivery(dead)
      const { outcome, replay } = yield* client.deliveries.retry({ path: ended.path })
      assert.deepStrictEqual([outcome, replay?.destinationId, replay?.actor], [
        "replayed",
        ended.to.id,
        "management-key"
      ])
      const { manage } = yield* Gateway.Gateway
      const answer = yield* manage(`/deliveries/${(yield* delivery(retrying)).path.id}/retry`, undefined, "POST")
      assert.strictEqual(answer.status, 202)
    }))

  it.effect("is refused where it makes no sense, and to whoever has no key", () =>
    Effect.gen(function*() {
      const { operator: client } = yield* Clients
      const { path } = yield* delivery("state = 'delivered', due_at = NULL")
      yield* refused(client.deliveries.retry({ path }), "conflict")
      yield* refused(client.deliveries.retry({ path: nobody }), "not_found")
      const waiting = yield* delivery(retrying)
      yield* guarded((_) => _.deliveries.retry({ path: waiting.path }))
      const { manage } = yield* Gateway.Gateway
      Api.failed(yield* manage("/deliveries/no-id/retry", {}), 404, "not_found")
      assert.deepInclude((yield* manage(`/deliveries/${waiting.path.id}`)).json, { status: "retrying" })
    }))
})

layer(withStores, Api.live)("cancelling a delivery", (it) => {
  it.effect("answers with the delivery that is over, and keeps the reason in the audit", () =>
    Effect.gen(function*() {
      const { operator: client } = yield* Clients
      const { path } = yield* delivery(retrying)
      const payload = { reason: Option.some("the order was withdrawn") }
      const { attemptUnderWay, delivery: cancelled } = yield* client.deliveries.cancel({ path, payload })
      assert.deepStrictEqual([cancelled.status, cancelled.nextAttemptAt, attemptUnderWay], ["cancelled", null, false])
      const sql = yield* SqlClient.SqlClient
      const [entry] = yield* sql`
        SELECT actor, action, subject_type, detail->>'reason' AS reason FROM audit_entries WHERE subject_id = ${path.id}`
      assert.deepStrictEqual(entry, {
        actor: "management-key",
        action: "delivery.cancelled",
        subject_type: "delivery",
        reason: "the order was withdrawn"
      })
      const { manage } = yield* Gateway.Gateway
      const bare = yield* manage(`/deliveries/${(yield* delivery(retrying)).path.id}/cancel`, undefined, "POST")
      assert.strictEqual(bare.status, 200, bare.text)
    }))

  it.effect("is refused where it has ended, for a body that makes no sense, and to whoever has no key", () =>
    Effect.gen(function*() {
      const { operator: client } = yield* Clients
      const payload = { reason: Option.none() }
      const ended = yield* delivery(dead)
      yield* refused(client.deliveries.cancel({ path: ended.path, payload }), "conflict")
      yield* refused(client.deliveries.cancel({ path: nobody, payload }), "not_found")
      const { path } = yield* delivery(retrying)
      yield* guarded((_) => _.deliveries.cancel({ path, payload }))
      const { manage } = yield* Gateway.Gateway
      for (
        const [body, problem] of [[{ reason: 1 }, "reason"], [{ reason: " " }, "reason"], [
          { why: "x" },
          "why"
        ]] as const
      ) {
        assert.deepStrictEqual(Api.complaints(yield* manage(`/deliveries/${path.id}/cancel`, body)), [problem])
      }
      assert.deepInclude((yield* manage(`/deliveries/${path.id}`)).json, { status: "retrying" })
    }))
})
