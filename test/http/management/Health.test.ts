// @effect-diagnostics strictEffectProvide:off
import { assert, it, layer } from "@effect/vitest"
import { Effect, Layer, Logger, Schema } from "effect"
import { Report } from "../../../src/services/Health.ts"
import { Broker, BrokerError } from "../../../src/services/ports/Broker.ts"
import { CoordinationError } from "../../../src/services/ports/Coordination.ts"
import { coordinationDown } from "../../support/CoordinationDown.ts"
import { eventually } from "../../support/Eventually.ts"
import { noDeadLetters } from "../../support/FakeBroker.ts"
import * as Gateway from "../../support/Gateway.ts"
import * as Grounds from "../../support/Grounds.ts"
import { acquireDatabase, clientOf, TestDatabase } from "../../support/TestDatabase.ts"
import * as Api from "../Api.ts"

const decode = Schema.decodeUnknown(Report, { onExcessProperty: "error" })

const report = Effect.gen(function*() {
  const { call } = yield* Gateway.Gateway
  const { json, status } = yield* call("/api/v1/health")
  return { code: status, ...yield* decode(json) }
})

const statusOf = (path: string) =>
  Effect.flatMap(Gateway.Gateway, ({ call }) => Effect.map(call(path), ({ json, status }) => ({ status, json })))

layer(Api.onTwins(), Api.live)("health", (it) => {
  it.effect("is ok while all three answer", () =>
    Effect.gen(function*() {
      const { checks, code, status } = yield* report
      assert.deepStrictEqual([code, status], [200, "ok"])
      assert.deepStrictEqual(Object.values(checks).map((_) => [_.status, _.error]), [
        ["ok", undefined],
        ["ok", undefined],
        ["ok", undefined]
      ])
      assert.deepStrictEqual(yield* statusOf("/api/v1/health/live"), { status: 200, json: { status: "ok" } })
      const ready = yield* statusOf("/api/v1/health/ready")
      assert.strictEqual(ready.status, 200)
      assert.nestedPropertyVal(ready.json, "checks.postgres.status", "ok")
    }))

  it.effect("comes with the depth of every queue, for operators", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const { send } = yield* Gateway.integration("queued", "http://127.0.0.1:9/hook")
      yield* Effect.forEach(["1", "2", "3"], (id) => send(id))
      const { json } = yield* manage("/queues")
      const { data } = yield* Schema.decodeUnknown(Queues)(json)
      const named = (end: string) => data.filter((_) => _.name.endsWith(end))
      assert.deepStrictEqual(named(".process").map((_) => _.consumers), [0])
      assert.deepStrictEqual([named(".replay").length, named(".dead").length], [1, 1])
      const rungs = data.filter((_) => _.delayMs !== undefined)
      assert.isAtLeast(rungs.length, 2)
      for (const { delayMs, name } of rungs) assert.isTrue(name.endsWith(`.${delayMs}`), name)
    }))
})

const Queues = Schema.Struct({
  data: Schema.Array(Schema.Struct({
    name: Schema.String,
    messages: Schema.NonNegativeInt,
    consumers: Schema.NonNegativeInt,
    delayMs: Schema.optionalWith(Schema.Positive, { exact: true })
  }))
})

const secretUrl = new Error("cannot reach amqp://guest:password-of-the-broker@10.1.2.3")
const brokerDown = new BrokerError({ reason: "Unavailable", cause: secretUrl })

const noBroker = (check: Effect.Effect<void, BrokerError>) =>
  Layer.succeed(Broker, {
    publish: () => Effect.succeed([]),
    consume: () => Effect.never,
    states: () => brokerDown,
    deadLetters: noDeadLetters,
    check
  })

const noCoordination = coordinationDown(new CoordinationError({ reason: "Timeout", cause: secretUrl }))

const twins = Layer.merge(Grounds.twins(Grounds.settings()), TestDatabase)

it.scopedLive("health says that RabbitMQ is down, and webhooks can be accepted", () =>
  Effect.gen(function*() {
    const { manage } = yield* Gateway.Gateway
    const { checks, code, status } = yield* report
    assert.deepStrictEqual([code, status], [503, "degraded"])
    assert.deepStrictEqual([checks.rabbitmq.status, checks.rabbitmq.error], ["down", "Unavailable"])
    assert.deepStrictEqual([checks.postgres.status, checks.redis.status], ["ok", "ok"])
    assert.strictEqual((yield* statusOf("/api/v1/health/ready")).status, 200)
    const queues = yield* manage("/queues")
    Api.failed(queues, 503, "unavailable")
    assert.notInclude(queues.text, "password")
  }).pipe(Effect.provide(Gateway.api.pipe(Layer.provide(Layer.merge(twins, noBroker(brokerDown)))))))

it.scopedLive("health says that RabbitMQ is down when it does not answer", () =>
  Effect.gen(function*() {
    const { checks, code } = yield* report
    assert.strictEqual(code, 503)
    assert.deepStrictEqual([checks.rabbitmq.status, checks.rabbitmq.error], ["down", "no answer within 2s"])
  }).pipe(Effect.provide(Gateway.api.pipe(Layer.provide(Layer.merge(twins, noBroker(Effect.never)))))))

it.scopedLive("health says that Redis is down, and webhooks can be accepted", () =>
  Effect.gen(function*() {
    const { checks, code } = yield* report
    assert.strictEqual(code, 503)
    assert.deepStrictEqual([checks.redis.status, checks.redis.error], ["down", "Timeout"])
    assert.deepStrictEqual([checks.postgres.status, checks.rabbitmq.status], ["ok", "ok"])
    assert.strictEqual((yield* statusOf("/api/v1/health/ready")).status, 200)
  }).pipe(Effect.provide(Gateway.api.pipe(Layer.provide(Layer.merge(twins, noCoordination))))))

it.scopedLive("health says that PostgreSQL is down, and that nothing can be accepted, but the process is up", () =>
  Effect.gen(function*() {
    const { checks, code } = yield* report
    assert.strictEqual(code, 503)
    assert.strictEqual(checks.postgres.status, "down")
    assert.notInclude(checks.postgres.error ?? "", "127.0.0.1")
    assert.deepStrictEqual([checks.redis.status, checks.rabbitmq.status], ["ok", "ok"])
    const ready = yield* statusOf("/api/v1/health/ready")
    assert.strictEqual(ready.status, 503)
    assert.nestedPropertyVal(ready.json, "checks.postgres.status", "down")
    assert.strictEqual((yield* statusOf("/api/v1/health/live")).status, 200)
  }).pipe(Effect.provide(
    // Nothing listens at port 1.
    Gateway.api.pipe(
      Layer.provide(Layer.merge(Grounds.twins(Grounds.settings()), clientOf("postgres://nobody@127.0.0.1:1/none")))
    )
  )))

it.scopedLive("health and the log say what to do where the database is not migrated", () => {
  const logged: Array<string> = []
  const logger = Logger.add(Logger.make(({ message }) => logged.push(JSON.stringify(message))))
  return Effect.gen(function*() {
    const todo = "the database is not migrated: run npm run db:migrate"
    const { checks, code } = yield* report
    assert.deepStrictEqual([code, checks.postgres.error], [503, todo])
    assert.strictEqual((yield* statusOf("/api/v1/health/ready")).status, 503)
    yield* eventually(Effect.sync(() => logged.join()), (_) => _.includes(todo))
  }).pipe(Effect.provide(Gateway.api.pipe(
    Layer.provide(Layer.mergeAll(Grounds.twins(Grounds.settings()), unmigrated, logger))
  )))
})

const unmigrated = Layer.unwrapScoped(Effect.map(acquireDatabase("template1"), (url) => clientOf(url)))
