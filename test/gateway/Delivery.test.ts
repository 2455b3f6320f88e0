import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Webhook } from "standardwebhooks"
import * as Callback from "../support/Callback.ts"
import { eventually } from "../support/Eventually.ts"
import * as Gateway from "../support/Gateway.ts"
import { onEach } from "../support/Gateways.ts"

onEach("a delivery", (gateway) => {
  layer(gateway(), { excludeTestServices: true, timeout: "30 seconds" })((it) => {
    it.scoped("reaches its callback byte for byte, with its headers and the gateway's signature", () =>
      Effect.gen(function*() {
        const callback = yield* Callback.make
        const { destinations, send } = yield* Gateway.integration("bytes", callback.url)
        const body = "{ \"spaced\" :  \"ünïcödé\" }\r\n"
        const answer = yield* send("one", body)
        assert.strictEqual(answer.status, 202)
        const { eventId } = yield* Gateway.accepted(answer)
        const [got] = yield* callback.awaitReceived(1)
        assert.strictEqual(got?.body.toString("utf8"), body)
        assert.strictEqual(got?.headers["x-id"], "one")
        assert.strictEqual(got?.headers["sluice-event-id"], eventId)
        assert.strictEqual(got?.headers["sluice-integration"], "bytes")
        assert.strictEqual(got?.headers["sluice-attempt"], "1")
        const headers = Callback.headersOf(got)
        assert.deepStrictEqual(new Webhook(destinations[0]?.signingSecret ?? "").verify(body, headers), {
          spaced: "ünïcödé"
        })
        yield* eventually(Gateway.event(eventId), (_) => _.status === "delivered")
      }))

    it.scoped("goes to every destination that matches, each with its own attempts", () =>
      Effect.gen(function*() {
        const { manage } = yield* Gateway.Gateway
        const one = yield* Callback.make
        const other = yield* Callback.make
        const { id, send } = yield* Gateway.integration("fan-out", one.url)
        yield* manage(`/integrations/${id}/destinations`, { url: other.url })
        yield* manage(`/integrations/${id}/destinations`, {
          url: other.url,
          filter: { rules: [{ path: "$.amount", op: "gt", value: 100 }] }
        })
        const { eventId } = yield* Gateway.accepted(yield* send("small", "{\"amount\":7}"))
        const event = yield* eventually(Gateway.event(eventId), (_) => _.status === "delivered")
        assert.strictEqual(event.deliveries.length, 2)
        assert.deepStrictEqual(event.deliveries.map((_) => _.attempts.length), [1, 1])
        assert.strictEqual(one.received.length, 1)
        assert.strictEqual(other.received.length, 1)
      }))

    it.scoped("answered 410 is dead at once, and its destination is disabled with an audit entry", () =>
      Effect.gen(function*() {
        const { manage } = yield* Gateway.Gateway
        const callback = yield* Callback.make
        yield* callback.answer(Callback.status(410))
        const { destinations, send } = yield* Gateway.integration("gone", callback.url)
        const { eventId } = yield* Gateway.accepted(yield* send("one"))
        const event = yield* eventually(Gateway.event(eventId), (_) => _.status === "failed")
        assert.deepStrictEqual(event.deliveries.map((_) => [_.status, _.attempts.length]), [["dead", 1]])
        const { json } = yield* manage(`/destinations/${destinations[0]?.id}`)
        assert.propertyVal(json, "status", "disabled")
        assert.strictEqual(yield* Gateway.audited("destination.disabled", destinations[0]?.id ?? ""), 1)
        const told = yield* manage(`/audit-entries?action=destination.disabled&subjectId=${destinations[0]?.id}`)
        assert.nestedInclude(told.json, {
          "data[0].actor": "sluice",
          "data[0].before.status": "active",
          "data[0].after.status": "disabled"
        })
      }))

    it.scoped("of a large body reaches its callback whole", () =>
      Effect.gen(function*() {
        const callback = yield* Callback.make
        const { send } = yield* Gateway.integration("large", callback.url)
        const body = JSON.stringify({ text: "x".repeat(1_000_000) })
        yield* send("one", body)
        const [got] = yield* callback.awaitReceived(1)
        assert.strictEqual(got?.body.toString("utf8"), body)
      }))
  })
})
