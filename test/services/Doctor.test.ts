// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, describe, it, layer } from "@effect/vitest"
import { Array, Duration, Effect, Either, Fiber, Layer, Option, Redacted } from "effect"
import * as Report from "../../src/domain/doctor/Report.ts"
import * as Queues from "../../src/domain/Queues.ts"
import * as RabbitMqQueueWatch from "../../src/layers/RabbitMqQueueWatch.ts"
import * as Graces from "../../src/services/Graces.ts"
import { QueueWatch } from "../../src/services/ports/QueueWatch.ts"
import { Settings } from "../../src/services/Settings.ts"
import { type View, windows } from "../../src/services/store/doctor/Check.ts"
import { checks } from "../../src/services/store/doctor/Checks.ts"
import { DoctorStore } from "../../src/services/store/DoctorStore.ts"
import * as Callback from "../support/Callback.ts"
import { eventually } from "../support/Eventually.ts"
import { doctor, examined, found, watchServer, watchTwin } from "../support/Examined.ts"
import { FakeWatch } from "../support/FakeWatch.ts"
import * as Gateway from "../support/Gateway.ts"
import { onServers, onTwins } from "../support/Gateways.ts"
import * as Grounds from "../support/Grounds.ts"
import { acquireDatabase, clientOf, TestDatabase } from "../support/TestDatabase.ts"

// Far less than in production, as what takes seconds there takes tens of milliseconds here.
const slack = Duration.seconds(5)

const grounds = {
  "the twins": { run: true, gateway: onTwins, watch: watchTwin },
  "Redis and RabbitMQ": { run: Grounds.realServers, gateway: onServers, watch: watchServer }
}

const count = 250

for (const [name, { gateway, run, watch }] of Object.entries(grounds)) {
  describe.runIf(run)(`the doctor on ${name}`, () => {
    layer(doctor(slack).pipe(Layer.provide(watch), Layer.provideMerge(gateway())), {
      excludeTestServices: true,
      timeout: "30 seconds"
    })((it) => {
      it.scoped("finds nothing after deliveries that succeeded, failed, waited and were replayed", () =>
        Effect.gen(function*() {
          const { manage } = yield* Gateway.Gateway
          const callback = yield* Callback.make
          const failing = yield* Callback.make
          yield* failing.answer(Callback.status(503))
          const good = yield* Gateway.integration("good", callback.url)
          const bad = yield* Gateway.integration("bad", failing.url)
          const paused = yield* Gateway.integration("paused", callback.url)
          yield* manage(`/destinations/${paused.destinations[0]?.id}/pause`, {})
          const { eventId } = yield* Gateway.accepted(yield* good.send("one"))
          yield* bad.send("one")
          yield* paused.send("one")
          yield* eventually(Gateway.event(eventId), (_) => _.status === "delivered")
          yield* manage(`/events/${eventId}/replay`, { reason: "a test" })
          yield* eventually(Gateway.event(eventId), (_) => _.deliveries[0]?.attemptCount === 2)
          const sql = yield* SqlClient.SqlClient
          const states = Effect.map(
            sql<{ readonly state: string }>`SELECT DISTINCT state FROM deliveries ORDER BY state`,
            (rows) => rows.map((_) => _.state)
          )
          assert.deepStrictEqual(yield* eventually(states, (_) => _.includes("dead")), ["dead", "delivered", "held"])
          const report = yield* examined
          assert.deepStrictEqual(report.rules.filter(({ result }) => result !== "ok"), [])
          assert.deepStrictEqual([report.status, Report.exitCode(report)], ["healthy", 0])
        }))

      it.scoped("finds nothing while the load is on, whatever state things are in", () =>
        Effect.gen(function*() {
          const callback = yield* Callback.make
          yield* callback.answer((response, number) =>
            void setTimeout(() => response.writeHead(number % 5 === 0 ? 500 : 204).end(), 20)
          )
          const { send } = yield* Gateway.integration("busy", callback.url)
          const sending = yield* Effect.fork(
            Effect.forEach(Array.range(1, count), (index) => send(`webhook-${index}`), { concurrency: 8 })
          )
          yield* callback.awaitReceived(20)
          const looks = yield* Effect.iterate(0, {
            while: (looks) => looks < 3 || callback.received.length < count,
            body: (looks) =>
              Effect.map(found, (findings) => {
                assert.deepStrictEqual(findings, [])
                return looks + 1
              })
          })
          yield* Fiber.join(sending)
          assert.isAtLeast(looks, 3)
        }), { timeout: 60_000 })
    })
  })
}

const view: View = {
  graces: Graces.make(Grounds.settings(), slack),
  windows,
  depths: Either.left("not asked"),
  keyIds: Either.left("not asked")
}

const away = "//nobody:nothing@127.0.0.1:1/nowhere"

describe("the doctor", () => {
  const settings = Layer.succeed(Settings, Grounds.settings())

  it.scopedLive("says which server is away, and looks at the other one all the same", () =>
    Effect.gen(function*() {
      const postgres = yield* Effect.provide(
        examined,
        doctor().pipe(
          Layer.provide(FakeWatch.layer),
          Layer.provide(clientOf(`postgres:${away}`)),
          Layer.provide(settings)
        )
      )
      assert.deepStrictEqual([postgres.status, Report.exitCode(postgres)], ["incomplete", 2])
      assert.deepStrictEqual(postgres.servers.rabbitmq, Report.seen)
      assert.strictEqual(postgres.servers.postgres.status, "away")
      assert.include(postgres.servers.postgres.problem, "ECONNREFUSED")
      assert.strictEqual(postgres.rules.find(({ id }) => id === "dead-letters")?.result, "ok")
      assert.include(postgres.rules.find(({ id }) => id === "message-lost")?.skipped, "PostgreSQL: ")

      const rabbitMq = yield* Effect.provide(
        examined,
        doctor().pipe(
          Layer.provide(RabbitMqQueueWatch.layer(Redacted.make(`amqp:${away}`))),
          Layer.provide(TestDatabase),
          Layer.provide(settings)
        )
      )
      assert.deepStrictEqual([rabbitMq.status, Report.exitCode(rabbitMq)], ["incomplete", 2])
      assert.deepStrictEqual(rabbitMq.servers.postgres, Report.seen)
      assert.include(rabbitMq.servers.rabbitmq.problem, "ECONNREFUSED")
      assert.strictEqual(rabbitMq.rules.find(({ id }) => id === "message-lost")?.result, "ok")
      assert.include(rabbitMq.rules.find(({ id }) => id === "dead-letters")?.skipped, "RabbitMQ: ")
    }))

  it.scopedLive("says that a database is not migrated", () =>
    Effect.gen(function*() {
      const url = yield* acquireDatabase("template1")
      const report = yield* Effect.provide(
        examined,
        doctor().pipe(Layer.provide(FakeWatch.layer), Layer.provide(clientOf(url)), Layer.provide(settings))
      )
      assert.deepStrictEqual(
        report.servers.postgres,
        Report.away("the database is not migrated: run npm run db:migrate")
      )
    }))

  it.scopedLive("does not tell what was there only for a moment", () =>
    Effect.gen(function*() {
      const { queues } = yield* Settings
      let looks = 0
      const passing = Layer.succeed(QueueWatch, {
        states: () =>
          Effect.sync(() => {
            looks += 1
            const messages = looks === 1 ? 5 : 0
            return Option.some(Queues.names(queues).map((name) => ({ name, messages, consumers: 0 })))
          })
      })
      assert.deepStrictEqual(yield* Effect.provide(found, Layer.provide(doctor(), passing)), [])
      assert.strictEqual(looks, 2)
    }).pipe(Effect.provide(Layer.merge(settings, TestDatabase))))

  it.scopedLive("cannot write to the database, even if a rule wanted to", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE SEQUENCE written`
      const store = yield* DoctorStore
      const [rule] = checks
      const writing = rule && {
        ...rule,
        query: (sql: SqlClient.SqlClient) => Either.right(sql`SELECT nextval('written')::text AS subject, '' AS detail`)
      }
      const error = yield* Effect.flip(store.examine(Option.toArray(Option.fromNullable(writing)), view))
      assert.include(String(error.cause), "read-only transaction")
    }).pipe(Effect.provide(DoctorStore.layer.pipe(Layer.provideMerge(TestDatabase)))))

  it.scopedLive.runIf(Grounds.realServers)("declares no queue", () =>
    Effect.gen(function*() {
      const { states } = yield* QueueWatch
      const nobodys = ["a queue that nobody declares"]
      assert.deepStrictEqual(yield* states(nobodys), Option.some([]))
      assert.deepStrictEqual(yield* states(nobodys), Option.some([]))
    }).pipe(Effect.provide(watchServer)))
})
