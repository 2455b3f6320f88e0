// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import * as RabbitMqBroker from "../../src/layers/RabbitMqBroker.ts"
import * as RedisCoordination from "../../src/layers/RedisCoordination.ts"
import { Settings } from "../../src/services/Settings.ts"
import * as Callback from "../support/Callback.ts"
import { eventually } from "../support/Eventually.ts"
import * as Gateway from "../support/Gateway.ts"
import * as Grounds from "../support/Grounds.ts"
import * as Binary from "../support/servers/Binary.ts"
import * as RabbitMqServer from "../support/servers/RabbitMqServer.ts"
import * as RedisServer from "../support/servers/RedisServer.ts"
import { TestDatabase } from "../support/TestDatabase.ts"

const installed = await Effect.runPromise(
  Effect.option(Effect.all([Binary.find("redis-server"), Binary.find("rabbitmq-server", ["/usr/lib/rabbitmq/bin"])]))
)

/** What the gateway says of a server. */
const health = (server: "redis" | "rabbitmq" | "postgres") =>
  Effect.gen(function*() {
    const { call } = yield* Gateway.Gateway
    const { json, status } = yield* call("/api/v1/health")
    const text = JSON.stringify(json)
    return { status, down: text.includes(`"${server}":{"status":"down"`) }
  })

describe.runIf(Option.isSome(installed))("an outage", () => {
  it.scopedLive("of Redis, RabbitMQ or both at once delays deliveries, and loses none", () =>
    Effect.gen(function*() {
      const redis = yield* RedisServer.start
      const rabbitMq = yield* RabbitMqServer.start
      const settings = Grounds.settings()
      const ground = Layer.mergeAll(
        RedisCoordination.layer(Redacted.make(redis.url)),
        RabbitMqBroker.layer({ url: Redacted.make(rabbitMq.url), queues: settings.queues }),
        Layer.succeed(Settings, settings),
        TestDatabase
      )
      yield* Effect.gen(function*() {
        const callback = yield* Callback.make
        const { send } = yield* Gateway.integration("outage", callback.url)
        const delivered = (id: string) => eventually(Gateway.event(id), (_) => _.status === "delivered")
        const accept = Effect.fnUntraced(function*(id: string) {
          const answer = yield* send(id)
          assert.strictEqual(answer.status, 202)
          return (yield* Gateway.accepted(answer)).eventId
        })
        yield* delivered(yield* accept("before"))

        yield* redis.kill
        assert.deepStrictEqual(yield* eventually(health("redis"), (_) => _.down), { status: 503, down: true })
        yield* delivered(yield* accept("without Redis"))
        yield* redis.start
        yield* eventually(health("redis"), (_) => _.status === 200)

        // A retry waits in a rung when the broker goes down, and once more when it forgets everything.
        yield* callback.answer(Callback.status(500))
        const waiting = yield* accept("waits in a rung")
        yield* callback.awaitReceived(3)
        yield* rabbitMq.kill
        yield* callback.answer(Callback.status(200))
        assert.deepStrictEqual(yield* eventually(health("rabbitmq"), (_) => _.down), { status: 503, down: true })
        const unqueued = yield* accept("without RabbitMQ")
        const sql = yield* SqlClient.SqlClient
        const [row] = yield* sql<{ state: string }>`SELECT state FROM deliveries WHERE event_id = ${unqueued}`
        assert.strictEqual(row?.state, "pending")
        yield* redis.kill
        const alone = yield* accept("with PostgreSQL alone")
        yield* rabbitMq.forget
        yield* redis.start
        for (const id of [waiting, unqueued, alone]) yield* delivered(id)
        yield* eventually(health("rabbitmq"), (_) => _.status === 200)
        yield* delivered(yield* accept("after"))
      }).pipe(Effect.provide(Gateway.both.pipe(Layer.provideMerge(ground))))
    }), { timeout: 60_000 })
})
