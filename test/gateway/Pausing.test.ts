import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import type { ServerResponse } from "node:http"
import * as Callback from "../support/Callback.ts"
import { eventually } from "../support/Eventually.ts"
import * as Gateway from "../support/Gateway.ts"
import { onEach } from "../support/Gateways.ts"

const live = { excludeTestServices: true, timeout: "60 seconds" } as const

/** The only delivery of an event. */
const delivery = Effect.fnUntraced(function*(eventId: string) {
  const { deliveries: [found] } = yield* Gateway.event(eventId)
  return yield* Effect.orDie(Effect.fromNullable(found))
})

onEach("a destination that is paused", (gateway) => {
  layer(gateway(), live)("(either way)", (it) => {
    it.scoped(
      "holds what is in the queue, what is in a rung and what was in flight, each with its place and budget",
      () =>
        Effect.gen(function*() {
          const { manage } = yield* Gateway.Gateway
          const callback = yield* Callback.make
          const { destinations, send } = yield* Gateway.integration("paused", callback.url)
          const accept = (id: string) => Effect.map(Effect.flatMap(send(id), Gateway.accepted), (_) => _.eventId)
          const steer = (how: string) => manage(`/destinations/${destinations[0]?.id}/${how}`, {})

          // One fails and waits in a rung.
          yield* callback.answer(Callback.status(500))
          const inRung = yield* accept("in-rung")
          yield* callback.awaitReceived(1)
          yield* eventually(delivery(inRung), (_) => _.attemptCount > 0)
          // Two are in flight.
          const hanging: Array<ServerResponse> = []
          yield* callback.answer((response) => void hanging.push(response))
          const inFlight = yield* Effect.forEach(["succeeds", "fails"], accept)
          yield* eventually(Effect.forEach(inFlight, delivery), (_) => _.every(({ status }) => status === "delivering"))
          const tried = (yield* delivery(inRung)).attemptCount

          assert.strictEqual((yield* steer("pause")).status, 200)
          const inQueue = yield* Effect.forEach(["queued-1", "queued-2", "queued-3"], accept)
          const received = yield* eventually(
            Effect.sync(() => callback.received.length),
            (count) => count === hanging.length + tried
          )
          // Some of the hanging ones may be a retry of the first: all but one fail.
          yield* callback.answer(Callback.status(204))
          for (const response of hanging) response.writeHead(500).end()
          const all = [inRung, ...inFlight, ...inQueue]
          yield* eventually(Effect.forEach(all, delivery), (_) => _.every(({ status }) => status === "held"))
          assert.strictEqual(callback.received.length, received)

          const held = yield* Effect.forEach(all, delivery)
          const attempts = held.map((_) => _.attempts.length)
          assert.deepStrictEqual(held.map((_) => _.attemptCount), attempts)
          assert.deepStrictEqual(attempts.slice(1), [1, 1, 0, 0, 0])
          for (const { generation, nextAttemptAt } of held) {
            assert.deepStrictEqual([generation, nextAttemptAt], [1, null])
          }

          assert.strictEqual((yield* steer("resume")).status, 200)
          const delivered = yield* eventually(
            Effect.forEach(all, delivery),
            (_) => _.every(({ status }) => status === "delivered")
          )
          assert.deepStrictEqual(delivered.map((_) => _.attemptCount), attempts.map((_) => _ + 1))
          assert.deepStrictEqual(
            delivered.map((_) => _.attempts.map(({ number }) => number)),
            attempts.map((count) => Array.from({ length: count + 1 }, (_, index) => index + 1))
          )
          assert.isTrue(delivered.every((_) => _.generation === 1))
        }),
      60_000
    )
  })

  layer(gateway(), live)("(by its own answer)", (it) => {
    it.scoped("takes deliveries again once it is resumed, and all of it is in the audit", () =>
      Effect.gen(function*() {
        const { manage } = yield* Gateway.Gateway
        const sql = yield* SqlClient.SqlClient
        const callback = yield* Callback.make
        const { destinations, send } = yield* Gateway.integration("gone", callback.url)
        const path = `/destinations/${destinations[0]?.id}`
        yield* callback.answer(Callback.status(410))
        yield* Effect.flatMap(send("gone"), Gateway.accepted)
        yield* eventually(manage(path), ({ text }) => text.includes("\"disabled\""))
        const { eventId } = yield* Effect.flatMap(send("waits"), Gateway.accepted)
        yield* eventually(delivery(eventId), (_) => _.status === "held")
        yield* callback.answer(Callback.status(204))
        assert.deepInclude((yield* manage(`${path}/resume`, {})).json, {
          status: "active",
          waiting: { deliveries: 1, atLeast: false, fate: "released" }
        })
        yield* eventually(delivery(eventId), (_) => _.status === "delivered")
        const entries = yield* sql`
          SELECT actor, action FROM audit_entries WHERE subject_id = ${destinations[0]?.id ?? ""} ORDER BY id`
        assert.deepStrictEqual([...entries].slice(1), [
          { actor: "sluice", action: "destination.disabled" },
          { actor: "management-key", action: "destination.active" }
        ])
      }), 60_000)
  })
})
