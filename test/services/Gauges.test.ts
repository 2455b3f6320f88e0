// @effect-diagnostics strictEffectProvide:off
import { assert, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber, Layer, Ref } from "effect"
import { inject } from "vitest"
import * as Exposition from "../../src/domain/metrics/Exposition.ts"
import * as NodeProcess from "../../src/layers/NodeProcess.ts"
import { Gauges } from "../../src/services/Gauges.ts"
import { Health } from "../../src/services/Health.ts"
import { Broker, BrokerError } from "../../src/services/ports/Broker.ts"
import { GaugeStore } from "../../src/services/store/GaugeStore.ts"
import { noDeadLetters } from "../support/FakeBroker.ts"
import * as Grounds from "../support/Grounds.ts"
import * as Prometheus from "../support/Prometheus.ts"
import * as Proxy from "../support/Proxy.ts"
import { acquireDatabase, clientOf, TestDatabase } from "../support/TestDatabase.ts"

const settings = Grounds.settings()

const gauges = Gauges.layer.pipe(
  Layer.provide(Layer.mergeAll(GaugeStore.layer, Health.layer, NodeProcess.layer))
)

const look = Effect.map(
  Effect.flatMap(Gauges, (_) => _.look),
  (families) => Prometheus.read(Exposition.render(families))
)

const up = (families: Prometheus.Families) =>
  ["postgres", "redis", "rabbitmq"].map((server) => Prometheus.value(families, "sluice_up", { server }))

it.scopedLive("gauges tell of the servers, the queues, the pool and the process", () =>
  Effect.gen(function*() {
    const broker = yield* Broker
    yield* broker.publish(["1", "2", "3"].map((content) => ({ queue: settings.queues.deadLetter, content })))
    const families = yield* look
    assert.deepStrictEqual(up(families), [1, 1, 1])
    assert.strictEqual(Prometheus.value(families, "sluice_queue_messages", { kind: "dead_letter" }), 3)
    assert.strictEqual(Prometheus.value(families, "sluice_queue_messages", { queue: settings.queues.deadLetter }), 3)
    assert.isTrue(families.has("sluice_queue_consumers"))
    assert.strictEqual(Prometheus.value(families, "sluice_postgres_connections_max"), 10)
    assert.isAtLeast(Prometheus.value(families, "sluice_postgres_connections", { state: "idle" }), 1)
    assert.isAbove(Prometheus.value(families, "process_cpu_seconds_total"), 0)
    assert.isAbove(Prometheus.value(families, "process_resident_memory_bytes"), 1e7)
    const now = yield* Clock.currentTimeMillis
    assert.approximately(Prometheus.value(families, "process_start_time_seconds"), now / 1e3 - process.uptime(), 5)
    assert.isTrue(families.has("nodejs_eventloop_lag_p99_seconds"))
  }).pipe(Effect.provide(Layer.provideMerge(gauges, Layer.merge(Grounds.twins(settings), TestDatabase)))))

it.scopedLive("gauges of a database that is away are left out, and the others tell that it is", () =>
  Effect.gen(function*() {
    const families = yield* look
    assert.deepStrictEqual(up(families), [0, 1, 1])
    assert.isFalse(families.has("sluice_oldest_due_age_seconds"))
    assert.isFalse(families.has("sluice_deliveries"))
    assert.isTrue(families.has("sluice_queue_messages"))
    assert.isTrue(families.has("process_cpu_seconds_total"))
  }).pipe(Effect.provide(
    // Nothing listens at port 1.
    Layer.provide(gauges, Layer.merge(Grounds.twins(settings), clientOf("postgres://nobody@127.0.0.1:1/none")))
  )))

it.scopedLive("gauges of a database that falls silent are left out in good time", () =>
  Effect.gen(function*() {
    const url = new URL(yield* acquireDatabase(inject("migratedTemplate")))
    const proxy = yield* Proxy.make(Number(url.port))
    url.port = String(proxy.port)
    yield* Effect.gen(function*() {
      yield* proxy.hold
      const [took, families] = yield* Effect.timed(look)
      assert.deepStrictEqual(up(families), [0, 1, 1])
      assert.isFalse(families.has("sluice_deliveries"))
      assert.isBelow(Duration.toMillis(took), 4_500)
    }).pipe(Effect.provide(Layer.provide(gauges, Layer.merge(Grounds.twins(settings), clientOf(url.href)))))
  }))

const silent = (asked: Ref.Ref<number>) =>
  Layer.succeed(Broker, {
    publish: () => Effect.succeed([]),
    consume: () => Effect.never,
    states: () => Effect.zipRight(Ref.update(asked, (_) => _ + 1), Effect.never),
    deadLetters: noDeadLetters,
    check: new BrokerError({ reason: "Unavailable" })
  })

it.scopedLive("gauges of a broker that does not answer are left out within seconds, and nobody asks it anew each time", () =>
  Effect.gen(function*() {
    const asked = yield* Ref.make(0)
    const ground = Layer.mergeAll(Grounds.twins(settings), TestDatabase).pipe(Layer.merge(silent(asked)))
    yield* Effect.gen(function*() {
      // Whoever asked first goes away; the others get their answer.
      const first = yield* Effect.fork(look)
      const others = yield* Effect.fork(Effect.all([look, look], { concurrency: "unbounded" }))
      yield* Fiber.interruptFork(first)
      const [families] = yield* Fiber.join(others)
      assert.deepStrictEqual(up(families), [1, 1, 0])
      assert.isFalse(families.has("sluice_queue_messages"))
      assert.isTrue(families.has("sluice_oldest_due_age_seconds"))
      yield* look
      assert.strictEqual(yield* Ref.get(asked), 1)
    }).pipe(Effect.provide(Layer.provide(gauges, ground)))
  }))
