// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, it, layer } from "@effect/vitest"
import { Deferred, Effect, Either, Layer } from "effect"
import { inject } from "vitest"
import { Broker, BrokerError } from "../../../src/services/ports/Broker.ts"
import { CoordinationError } from "../../../src/services/ports/Coordination.ts"
import { coordinationDown } from "../../support/CoordinationDown.ts"
import { eventually } from "../../support/Eventually.ts"
import { noDeadLetters } from "../../support/FakeBroker.ts"
import * as Gateway from "../../support/Gateway.ts"
import * as Grounds from "../../support/Grounds.ts"
import { clientOf, TestDatabase } from "../../support/TestDatabase.ts"
import * as Api from "../Api.ts"

const nowhere = "http://127.0.0.1:9/hook"

/** Lets nobody into the database of the test, or lets them in again. */
const reachable = Effect.fnUntraced(function*(name: string, yes: boolean) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER DATABASE ${sql(name)} WITH ALLOW_CONNECTIONS ${sql.literal(String(yes))}`
  if (!yes) yield* sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${name}`
}, Effect.provide(clientOf(inject("postgresUrl"), 1)))

const notNow = (answer: Gateway.Answer) => {
  Api.failed(answer, 503, "unavailable")
  assert.isAtLeast(Number(answer.headers.get("retry-after")), 1)
}

layer(Api.onTwins(), Api.live)("without PostgreSQL", (it) => {
  it.effect("webhooks get 503 and are stored nowhere; once it is back they are accepted", () =>
    Effect.gen(function*() {
      const { call, manage } = yield* Gateway.Gateway
      const sql = yield* SqlClient.SqlClient
      const [database] = yield* sql<{ name: string }>`SELECT current_database() AS name`
      const name = database?.name ?? ""
      const { send } = yield* Gateway.integration("outage", nowhere)
      assert.strictEqual((yield* send("before")).status, 202)

      yield* reachable(name, false)
      notNow(yield* send("during"))
      notNow(yield* send("before"))
      const many = Array.from({ length: 20 }, (_, index) => `many-${index}`)
      for (const answer of yield* Effect.forEach(many, (id) => send(id), { concurrency: "unbounded" })) notNow(answer)
      // Whether there is such an integration is not known now.
      notNow(yield* call("/api/v1/webhooks/never-asked-for", Api.webhook("{}")))
      // But this is known: the body is not believed.
      const forged = { body: "{}", headers: { "x-signature": "00" } }
      Api.failed(yield* call("/api/v1/webhooks/outage", forged), 401, "signature_invalid")
      for (const path of ["/events", "/integrations", "/deliveries", "/integrations/outage"]) {
        Api.failed(yield* manage(path), 503, "unavailable")
      }

      yield* reachable(name, true)
      const after = yield* eventually(send("during"), ({ status }) => status !== 503)
      assert.strictEqual(after.status, 202)
      assert.strictEqual((yield* Api.events("integration=outage")).data.length, 2)
      Api.failed(yield* call("/api/v1/webhooks/never-asked-for", Api.webhook("{}")), 404, "not_found")
    }))
})

it.scopedLive("without PostgreSQL from the start the gateway is up, and says 503", () =>
  Effect.gen(function*() {
    const { call } = yield* Gateway.Gateway
    notNow(yield* call("/api/v1/webhooks/any", Api.webhook("{}")))
    assert.strictEqual((yield* call("/api/v1/health/live")).status, 200)
    assert.strictEqual((yield* call("/api/v1/health/ready")).status, 503)
  }).pipe(Effect.provide(
    // Nothing listens at port 1.
    Gateway.api.pipe(
      Layer.provide(Layer.merge(Grounds.twins(Grounds.settings()), clientOf("postgres://nobody@127.0.0.1:1/none")))
    )
  )))

const noCoordination = coordinationDown(new CoordinationError({ reason: "Unavailable" }))

it.scopedLive("without Redis webhooks are accepted, and duplicates known, over every limit", () =>
  Effect.gen(function*() {
    const { send } = yield* Gateway.integration("unlimited", nowhere, { rateLimitPerMinute: 1 })
    const statuses = yield* Effect.forEach(["1", "2", "3", "1"], (id) => Effect.map(send(id), (_) => _.status))
    assert.deepStrictEqual(statuses, [202, 202, 202, 200])
  }).pipe(Effect.provide(
    Gateway.api.pipe(
      Layer.provide(Layer.mergeAll(Grounds.twins(Grounds.settings()), TestDatabase).pipe(Layer.merge(noCoordination)))
    )
  )))

/** A broker that takes nothing, and tells when it was asked. */
const refusingBroker = (asked: Deferred.Deferred<void>, answer: Deferred.Deferred<void>) =>
  Layer.succeed(Broker, {
    publish: (publications) =>
      Deferred.succeed(asked, undefined).pipe(
        Effect.zipRight(Deferred.await(answer)),
        Effect.as(publications.map(() => Either.left(new BrokerError({ reason: "Unavailable" }))))
      ),
    consume: () => Effect.never,
    states: () => Effect.fail(new BrokerError({ reason: "Unavailable" })),
    deadLetters: noDeadLetters,
    check: Effect.fail(new BrokerError({ reason: "Unavailable" }))
  })

it.scopedLive("without RabbitMQ webhooks are accepted without waiting for it, and their deliveries stay pending", () =>
  Effect.gen(function*() {
    const asked = yield* Deferred.make<void>()
    const answer = yield* Deferred.make<void>()
    const ground = Layer.mergeAll(Grounds.twins(Grounds.settings()), TestDatabase).pipe(
      Layer.merge(refusingBroker(asked, answer))
    )
    yield* Effect.gen(function*() {
      const { send } = yield* Gateway.integration("unqueued", nowhere)
      const first = yield* send("1")
      yield* Deferred.await(asked)
      // The first one's message still hangs.
      const second = yield* send("2")
      assert.deepStrictEqual([first.status, second.status], [202, 202])
      yield* Deferred.succeed(answer, undefined)
    }).pipe(
      // Ended, the gateway has done all it would do with the broker's refusal.
      Effect.provide(Gateway.api),
      Effect.zipRight(Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const states = yield* sql<{ state: string }>`SELECT state FROM deliveries`
        assert.deepStrictEqual(states.map((_) => _.state), ["pending", "pending"])
      })),
      Effect.provide(ground)
    )
  }))
