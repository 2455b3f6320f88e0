// @effect-diagnostics strictEffectProvide:off
import * as HttpServer from "@effect/platform/HttpServer"
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Scope } from "effect"
import type { Ground } from "../../src/layers/Role.ts"
import * as Worker from "../../src/layers/Worker.ts"
import { Broker, BrokerError } from "../../src/services/ports/Broker.ts"
import { CoordinationError } from "../../src/services/ports/Coordination.ts"
import * as Api from "../http/Api.ts"
import { coordinationDown } from "../support/CoordinationDown.ts"
import { noDeadLetters } from "../support/FakeBroker.ts"
import * as Gateway from "../support/Gateway.ts"
import * as Grounds from "../support/Grounds.ts"
import * as Prometheus from "../support/Prometheus.ts"
import { clientOf, TestDatabase } from "../support/TestDatabase.ts"

const twins = Grounds.twins(Grounds.settings())

/** A worker's server on a ground. */
const on = <E, R>(ground: Layer.Layer<Ground, E, R>) =>
  Worker.telling({ host: "127.0.0.1", port: 0 }, Layer.empty).pipe(Layer.provide(ground))

const portOf = ({ address }: Context.Tag.Service<typeof HttpServer.HttpServer>) =>
  address._tag === "TcpAddress" ? address.port : 0

const ask = Effect.fnUntraced(function*(path: string) {
  const port = portOf(yield* HttpServer.HttpServer)
  return yield* Gateway.at(`http://127.0.0.1:${port}`).call(path)
})

const places = ["/health", "/api/v1/health"]

describe("a worker", () => {
  it.scopedLive("tells how it is, in short and in the API's words, without a key", () =>
    Effect.gen(function*() {
      for (const place of places) {
        const report = yield* ask(place)
        assert.strictEqual(report.status, 200)
        assert.nestedPropertyVal(report.json, "checks.redis.status", "ok")
        assert.deepStrictEqual((yield* ask(`${place}/live`)).json, { status: "ok" })
        const ready = yield* ask(`${place}/ready`)
        assert.strictEqual(ready.status, 200)
        assert.nestedPropertyVal(ready.json, "checks.postgres.status", "ok")
        assert.nestedPropertyVal(ready.json, "checks.rabbitmq.status", "ok")
        assert.notNestedProperty(ready.json, "checks.redis")
      }
    }).pipe(Effect.provide(on(Layer.merge(twins, TestDatabase)))))

  it.scopedLive("shows its metrics to whoever reaches its port, and nothing else", () =>
    Effect.gen(function*() {
      const metrics = yield* ask("/metrics")
      assert.strictEqual(metrics.status, 200)
      assert.strictEqual(Prometheus.value(Prometheus.read(metrics.text), "sluice_up", { server: "postgres" }), 1)
      for (const path of ["/", "/api/v1/events", "/docs", "/health/other", "/api/v1/webhooks/any"]) {
        Api.failed(yield* ask(path), 404, "not_found")
      }
    }).pipe(Effect.provide(on(Layer.merge(twins, TestDatabase)))))

  const brokerDown = Layer.succeed(Broker, {
    publish: () => Effect.succeed([]),
    consume: () => Effect.never,
    states: () => new BrokerError({ reason: "Unavailable" }),
    deadLetters: noDeadLetters,
    check: new BrokerError({ reason: "Unavailable" })
  })
  const noCoordination = coordinationDown(new CoordinationError({ reason: "Unavailable" }))

  it.scopedLive("is not ready without RabbitMQ, from which deliveries come", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* ask("/health/ready")).status, 503)
      assert.strictEqual((yield* ask("/health/live")).status, 200)
      const metrics = yield* ask("/metrics")
      assert.strictEqual(Prometheus.value(Prometheus.read(metrics.text), "sluice_up", { server: "rabbitmq" }), 0)
    }).pipe(Effect.provide(on(Layer.mergeAll(twins, TestDatabase).pipe(Layer.merge(brokerDown))))))

  it.scopedLive("is not ready without PostgreSQL, in which they stand", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* ask("/health/ready")).status, 503)
      assert.strictEqual((yield* ask("/health/live")).status, 200)
      assert.strictEqual((yield* ask("/metrics")).status, 200)
    }).pipe(Effect.provide(on(Layer.merge(twins, clientOf("postgres://nobody@127.0.0.1:1/none"))))))

  it.scopedLive("is ready without Redis, which it can do without", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* ask("/health/ready")).status, 200)
      assert.strictEqual((yield* ask("/health")).status, 503)
    }).pipe(Effect.provide(on(Layer.mergeAll(twins, TestDatabase).pipe(Layer.merge(noCoordination))))))

  it.scopedLive("says which variable to change where its port is taken", () =>
    Effect.gen(function*() {
      const port = portOf(yield* HttpServer.HttpServer)
      const second = Worker.telling({ host: "127.0.0.1", port }, Layer.empty).pipe(
        Layer.provide(Layer.merge(twins, TestDatabase))
      )
      const error = yield* Effect.flip(Effect.scoped(Layer.build(second)))
      assert.strictEqual(
        error.message,
        `The port ${port} is taken by another program: stop that one, or choose another port with WORKER_PORT.`
      )
    }).pipe(Effect.provide(on(Layer.merge(twins, TestDatabase)))))

  it.scopedLive("tells how it is until what it has in hand is finished", () =>
    Effect.gen(function*() {
      const draining = yield* Deferred.make<void>()
      const drained = yield* Deferred.make<void>()
      const duty = Layer.scopedDiscard(
        Effect.addFinalizer(() => Effect.zipRight(Deferred.succeed(draining, undefined), Deferred.await(drained)))
      )
      const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
      const worker = Worker.telling({ host: "127.0.0.1", port: 0 }, duty).pipe(
        Layer.provide(Layer.merge(twins, TestDatabase))
      )
      const base = `http://127.0.0.1:${
        portOf(Context.get(yield* Layer.buildWithScope(worker, scope), HttpServer.HttpServer))
      }`
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* Deferred.await(draining)
      assert.strictEqual((yield* Gateway.at(base).call("/health/live")).status, 200)
      assert.strictEqual((yield* Gateway.at(base).call("/metrics")).status, 200)
      yield* Deferred.succeed(drained, undefined)
      yield* Fiber.join(closing)
      const gone = yield* Effect.promise(() => fetch(base).then(() => false, () => true))
      assert.isTrue(gone)
    }))
})
