// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, describe, inject, it } from "@effect/vitest"
import { Array, Effect, Fiber, Redacted } from "effect"
import * as Callback from "../support/Callback.ts"
import { eventually } from "../support/Eventually.ts"
import * as Gateway from "../support/Gateway.ts"
import * as Grounds from "../support/Grounds.ts"
import * as Proxy from "../support/Proxy.ts"
import * as Roles from "../support/Roles.ts"
import { acquireDatabase, clientOf } from "../support/TestDatabase.ts"
import { untilAccepted } from "./Sender.ts"

const count = 400

describe.runIf(Grounds.realServers)("SIGTERM while RabbitMQ is away", () => {
  for (
    const [how, hurt] of [["refuses", (_: Proxy.Proxy) => _.refuse], ["is silent", (_: Proxy.Proxy) => _.lose]] as const
  ) {
    it.scopedLive(
      `and ${how} ends the API in good time, with a webhook accepted that is not queued yet`,
      () =>
        Effect.gen(function*() {
          const rabbitMq = new URL(inject("rabbitMqUrl") ?? "")
          const proxy = yield* Proxy.make(Number(rabbitMq.port))
          rabbitMq.port = String(proxy.port)
          const { api, base } = yield* Roles.make({ RABBITMQ_URL: rabbitMq.href })
          yield* api.start
          yield* Effect.gen(function*() {
            const { send } = yield* Gateway.integration("unqueued", "http://127.0.0.1:9/hook")
            yield* untilAccepted(send("first"))
            yield* hurt(proxy)
            yield* Effect.replicateEffect(untilAccepted(send("second")), 2)
            yield* api.signal("SIGTERM")
            assert.strictEqual(yield* api.exit, 0)
          }).pipe(Effect.provideService(Gateway.Gateway, Gateway.at(base)))
        }),
      { timeout: 60_000 }
    )
  }
})

describe.runIf(Grounds.realServers)("SIGTERM while PostgreSQL is silent", () => {
  it.scopedLive(
    "ends the API in good time, with webhooks and management calls that wait for it, and the worker with a delivery",
    () =>
      Effect.gen(function*() {
        const database = new URL(yield* acquireDatabase(inject("migratedTemplate")))
        const proxy = yield* Proxy.make(Number(database.port))
        database.port = String(proxy.port)
        const { api, base, worker } = yield* Roles.make({ DATABASE_URL: database.href, DELIVERY_TIMEOUT_MS: "5000" })
        yield* Effect.all([api.start, worker.start])
        yield* Effect.gen(function*() {
          const { manage } = yield* Gateway.Gateway
          const callback = yield* Callback.make
          // The first is answered, the others never are.
          const { send } = yield* Gateway.integration("silent", callback.url)
          yield* untilAccepted(send("first"))
          yield* callback.awaitReceived(1)
          yield* callback.answer(() => undefined)
          yield* untilAccepted(send("second"))
          yield* callback.awaitReceived(2)
          yield* Effect.zipRight(proxy.hold, proxy.lose)
          const calls = [send("third"), send("fourth"), manage("/events"), manage("/integrations", {})]
          yield* Effect.forkScoped(Effect.forEach(calls, Effect.exit, { concurrency: "unbounded" }))
          // They are on their way before the roles are told.
          yield* Effect.sleep("500 millis")
          yield* Effect.all([api.signal("SIGTERM"), worker.signal("SIGTERM")])
          assert.deepStrictEqual(yield* Effect.all([api.exit, worker.exit], { concurrency: 2 }), [0, 0])
        }).pipe(Effect.provideService(Gateway.Gateway, Gateway.at(base)))
      }),
    { timeout: 90_000 }
  )
})

describe.runIf(Grounds.realServers)("SIGTERM under load", () => {
  it.scopedLive(
    "ends both roles with exit code 0, loses nothing and counts no attempt twice",
    () =>
      Effect.gen(function*() {
        const { api, base, databaseUrl, worker } = yield* Roles.make()
        yield* Effect.all([api.start, worker.start])
        yield* Effect.gen(function*() {
          const sql = yield* SqlClient.SqlClient
          const callback = yield* Callback.make
          yield* callback.answer((response) => void setTimeout(() => response.writeHead(200).end(), 150))
          const { send } = yield* Gateway.integration("terminated", callback.url)
          const sending = yield* Effect.fork(Effect.forEach(
            Array.range(1, count),
            (index) => untilAccepted(send(`webhook-${index}`)),
            { concurrency: 10 }
          ))
          yield* callback.awaitReceived(50)
          yield* worker.signal("SIGTERM")
          assert.strictEqual(yield* worker.exit, 0)
          yield* worker.start
          yield* callback.awaitReceived(150)
          yield* api.signal("SIGTERM")
          assert.strictEqual(yield* api.exit, 0)
          yield* api.start
          yield* Fiber.join(sending)

          const undelivered = Effect.map(
            sql<{ count: number }>`SELECT count(*)::int FROM deliveries WHERE state <> 'delivered'`,
            ([row]) => row?.count
          )
          yield* eventually(undelivered, (_) => _ === 0, 60_000)
          const [attempts] = yield* sql<{ count: number; most: number }>`
          SELECT count(*)::int, max(attempt_count) AS most FROM deliveries`
          assert.deepStrictEqual(attempts, { count, most: 1 })
          assert.strictEqual(callback.received.length, count)
        }).pipe(
          Effect.provideService(Gateway.Gateway, Gateway.at(base)),
          Effect.provide(clientOf(Redacted.value(databaseUrl), 2))
        )
      }),
    { timeout: 120_000 }
  )
})
