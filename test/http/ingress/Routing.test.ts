import { assert, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Gateway from "../../support/Gateway.ts"
import * as Api from "../Api.ts"

const nowhere = "http://127.0.0.1:9/hook"

const destination = Effect.fnUntraced(function*(integrationId: string, filter: unknown) {
  const { manage } = yield* Gateway.Gateway
  const { json } = yield* manage(`/integrations/${integrationId}/destinations`, { url: nowhere, filter })
  return yield* Effect.orDie(Schema.decodeUnknown(Schema.Struct({ id: Schema.String }))(json))
})

const eventOf = (answer: Gateway.Answer) =>
  Effect.flatMap(Gateway.accepted(answer), ({ eventId }) => Gateway.event(eventId))

layer(Api.onTwins(), Api.live)("an event", (it) => {
  it.effect("goes to the destinations whose filter it matches, and to no other", () =>
    Effect.gen(function*() {
      const { id, send } = yield* Gateway.integration("filtered", nowhere, {
        callbackUrl: undefined,
        eventType: { jsonPath: "$.type" }
      })
      const invoices = yield* destination(id, { types: ["invoice.*"] })
      const large = yield* destination(id, { rules: [{ path: "$.amount", op: "gt", value: 100 }] })
      const both = yield* destination(id, {
        types: ["order.made", "invoice.paid"],
        rules: [{ path: "$.amount", op: "gte", value: 100 }]
      })
      const everything = yield* destination(id, {})
      const goesTo = (type: string, amount: number) =>
        send(`${type}-${amount}`, JSON.stringify({ type, amount })).pipe(
          Effect.flatMap(eventOf),
          Effect.map(({ deliveries }) => new Set<string>(deliveries.map((_) => _.destinationId)))
        )
      assert.deepStrictEqual(yield* goesTo("invoice.paid", 100), new Set([invoices.id, both.id, everything.id]))
      assert.deepStrictEqual(yield* goesTo("invoice.sent", 101), new Set([invoices.id, large.id, everything.id]))
      assert.deepStrictEqual(yield* goesTo("order.made", 5), new Set([everything.id]))
    }))

  it.effect("that matches none is kept as unrouted", () =>
    Effect.gen(function*() {
      const { id, send } = yield* Gateway.integration("unmatched", nowhere, { callbackUrl: undefined })
      yield* destination(id, { types: ["never"] })
      const event = yield* eventOf(yield* send("one"))
      assert.strictEqual(event.status, "unrouted")
      assert.deepStrictEqual(event.deliveries, [])
    }))

  it.effect("of an integration without destinations is unrouted too", () =>
    Effect.gen(function*() {
      const { send } = yield* Gateway.integration("alone", nowhere, { callbackUrl: undefined })
      const answer = yield* send("one")
      assert.strictEqual(answer.status, 202)
      assert.strictEqual((yield* eventOf(answer)).status, "unrouted")
    }))

  it.effect("is held for a destination that is paused or disabled, and for that one alone", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const { destinations, id, send } = yield* Gateway.integration("paused", nowhere)
      const disabled = yield* destination(id, {})
      const active = yield* destination(id, {})
      yield* manage(`/destinations/${destinations[0]?.id}/pause`, {})
      yield* manage(`/destinations/${disabled.id}`, { status: "disabled" }, "PATCH")
      const event = yield* eventOf(yield* send("one"))
      const held = event.deliveries.filter((_) => _.status === "held")
      assert.deepStrictEqual(
        new Set<string | undefined>(held.map((_) => _.destinationId)),
        new Set([destinations[0]?.id, disabled.id])
      )
      assert.deepStrictEqual(held.map((_) => [_.nextAttemptAt, _.attemptCount]), [[null, 0], [null, 0]])
      assert.strictEqual(event.deliveries.find((_) => _.destinationId === active.id)?.status === "held", false)
    }))

  it.effect("does not go to a destination that was deleted just before", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const { destinations, send } = yield* Gateway.integration("undirected", nowhere)
      assert.strictEqual((yield* eventOf(yield* send("one"))).deliveries.length, 1)
      yield* manage(`/destinations/${destinations[0]?.id}`, undefined, "DELETE")
      assert.strictEqual((yield* eventOf(yield* send("two"))).status, "unrouted")
    }))
})
