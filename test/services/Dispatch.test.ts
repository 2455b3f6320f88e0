// @effect-diagnostics strictEffectProvide:off
import { assert, it, layer } from "@effect/vitest"
import { Context, Deferred, Duration, Effect, Exit, Layer, Ref, Scope } from "effect"
import { DeliveryId, DestinationId } from "../../src/domain/Ids.ts"
import * as MemoryCoordination from "../../src/layers/MemoryCoordination.ts"
import * as Services from "../../src/layers/Services.ts"
import { Dispatch } from "../../src/services/Dispatch.ts"
import * as Ids from "../../src/services/Ids.ts"
import { Broker } from "../../src/services/ports/Broker.ts"
import { Settings } from "../../src/services/Settings.ts"
import { DispatchStore } from "../../src/services/store/DispatchStore.ts"
import { StoreError } from "../../src/services/store/Store.ts"
import { eventually } from "../support/Eventually.ts"
import { FakeBroker, noDeadLetters } from "../support/FakeBroker.ts"
import * as Grounds from "../support/Grounds.ts"
import * as Rows from "../support/Rows.ts"
import { stores } from "../support/Stores.ts"
import { TestDatabase } from "../support/TestDatabase.ts"

layer(stores(), { excludeTestServices: true, timeout: "30 seconds" })("dispatching", (it) => {
  it.effect("marks as queued what the broker confirmed, and leaves the rest to the sweeper", () =>
    Effect.gen(function*() {
      const { again, enqueue } = yield* Dispatch
      const fake = yield* FakeBroker
      const [first, second, third] = yield* Rows.deliveries(yield* Rows.destination(), 3)
      yield* enqueue([yield* Effect.fromNullable(first)])
      yield* eventually(Rows.row(first), (_) => _?.state === "queued")
      assert.strictEqual(yield* again([yield* Effect.fromNullable(second)]), 1)
      assert.strictEqual((yield* Rows.row(second))?.state, "queued")
      // What comes again does not stand before what is new.
      const { queues } = yield* Settings
      assert.deepStrictEqual(fake.published.map((_) => _.queue), [queues.process, queues.retry])
      fake.refusing = true
      assert.strictEqual(yield* again([yield* Effect.fromNullable(third)]), 0)
      assert.strictEqual((yield* Rows.row(third))?.state, "pending")
    }))

  it.effect("queues a commit of any size where nothing else waits", () =>
    Effect.gen(function*() {
      const fake = yield* FakeBroker
      fake.refusing = false
      fake.published.length = 0
      const to = DestinationId.make(yield* Ids.next)
      const messages = Array.from(
        { length: 10_001 },
        () => Rows.message(DeliveryId.make(Ids.at(0)), to)
      )
      yield* (yield* Dispatch).enqueue(messages)
      yield* eventually(Effect.sync(() => fake.published.length), (_) => _ === messages.length)
    }))
})

it.scopedLive("what was queued just now is noted before the end", () =>
  Effect.gen(function*() {
    const patient = { ...Grounds.settings().sweep, grace: Duration.minutes(1) }
    const context = yield* Layer.build(Layer.mergeAll(
      FakeBroker.layer,
      MemoryCoordination.layer,
      Layer.succeed(Settings, Grounds.settings({ sweep: patient })),
      TestDatabase
    ))
    const scope = yield* Scope.make()
    const services = yield* Layer.buildWithScope(Layer.provide(Services.worker, Layer.succeedContext(context)), scope)
    yield* Effect.gen(function*() {
      const messages = yield* Rows.deliveries(yield* Rows.destination(), 1)
      yield* Context.get(services, Dispatch).enqueue(messages)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual((yield* Rows.row(messages[0]))?.state, "queued")
    }).pipe(Effect.provide(Layer.succeedContext(Context.merge(context, services))))
  }))

it.scopedLive("publishes every commit that gathers while the broker is slow", () =>
  Effect.gen(function*() {
    const gate = yield* Deferred.make<void>()
    const slow = Layer.map(FakeBroker.layer, (context) => {
      const broker = Context.get(context, Broker)
      return Context.add(context, Broker, {
        ...broker,
        publish: (_) => Effect.zipRight(Deferred.await(gate), broker.publish(_))
      })
    })
    yield* Effect.gen(function*() {
      const { enqueue } = yield* Dispatch
      const { published } = yield* FakeBroker
      const to = DestinationId.make(yield* Ids.next)
      const commits = Array.from({ length: 40 }, (_, index) => Rows.message(DeliveryId.make(Ids.at(index)), to))
      for (const message of commits) {
        yield* enqueue([message])
        yield* Effect.yieldNow()
      }
      yield* Deferred.succeed(gate, undefined)
      yield* eventually(Effect.sync(() => published.length), (_) => _ === commits.length)
    }).pipe(
      Effect.provide(Services.worker.pipe(
        Layer.provideMerge(
          Layer.mergeAll(slow, MemoryCoordination.layer, Layer.succeed(Settings, Grounds.settings()), TestDatabase)
        )
      ))
    )
  }))

/** Takes the first note for nothing, as PostgreSQL does while it restarts. */
const restarting = Layer.effect(
  DispatchStore,
  Effect.map(Effect.all([DispatchStore, Ref.make(true)]), ([real, isAway]) =>
    DispatchStore.of({
      markQueued: (messages) =>
        Effect.flatMap(
          Ref.getAndSet(isAway, false),
          (isAway) =>
            isAway ? Effect.fail(new StoreError({ reason: "Unavailable", cause: "away" })) : real.markQueued(messages)
        )
    }))
)

it.scopedLive("what PostgreSQL did not note is noted when it is back", () =>
  Effect.gen(function*() {
    const messages = yield* Rows.deliveries(yield* Rows.destination(), 1)
    yield* (yield* Dispatch).enqueue(messages)
    yield* eventually(Rows.row(messages[0]), (_) => _?.state === "queued")
  }).pipe(
    Effect.provide(Layer.fresh(Dispatch.layer).pipe(Layer.provide(restarting), Layer.provideMerge(stores())))
  ))

/** A broker that takes everything and confirms nothing. */
const silent = Layer.succeed(
  Broker,
  Broker.of({
    publish: () => Effect.never,
    consume: () => Effect.never,
    states: () => Effect.succeed([]),
    deadLetters: noDeadLetters,
    check: Effect.void
  })
)
const ground = Layer.mergeAll(
  silent,
  MemoryCoordination.layer,
  Layer.succeed(Settings, Grounds.settings()),
  TestDatabase
)

it.scopedLive("dispatching ends in good time although the broker confirms nothing", () =>
  Effect.gen(function*() {
    const context = yield* Layer.build(ground)
    const scope = yield* Scope.make()
    const services = yield* Layer.buildWithScope(Layer.provide(Services.worker, Layer.succeedContext(context)), scope)
    const { enqueue } = Context.get(services, Dispatch)
    yield* Effect.gen(function*() {
      yield* enqueue(yield* Rows.deliveries(yield* Rows.destination(), 3))
    }).pipe(Effect.provide(Layer.succeedContext(Context.merge(context, services))))
    const closed = yield* Effect.timeoutOption(Effect.disconnect(Scope.close(scope, Exit.void)), "15 seconds")
    assert.isTrue(closed._tag === "Some")
  }), { timeout: 30_000 })
