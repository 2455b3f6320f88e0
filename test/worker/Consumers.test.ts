// @effect-diagnostics strictEffectProvide:off
import { assert, it } from "@effect/vitest"
import { Context, Effect, Either, Layer, Ref } from "effect"
import { DeliveryId, MarkerId } from "../../src/domain/Ids.ts"
import * as QueueMessage from "../../src/domain/QueueMessage.ts"
import * as Share from "../../src/domain/Share.ts"
import * as MemoryBroker from "../../src/layers/MemoryBroker.ts"
import { Courier } from "../../src/services/Courier.ts"
import * as Ids from "../../src/services/Ids.ts"
import { Broker, BrokerError } from "../../src/services/ports/Broker.ts"
import { Settings } from "../../src/services/Settings.ts"
import { Sweeper } from "../../src/services/Sweeper.ts"
import { deliveryConsumers } from "../../src/worker/Consumers.ts"
import { eventually } from "../support/Eventually.ts"
import * as Grounds from "../support/Grounds.ts"

const settings = Grounds.settings({ workerConcurrency: 8 })
const { queues } = settings

/** A broker whose process queue takes nothing where a test says so. */
const refusing = { count: 0, on: false }
const moody = Layer.map(MemoryBroker.layer(queues), (context) => {
  const real = Context.get(context, Broker)
  return Context.make(
    Broker,
    Broker.of({
      ...real,
      publish: (publications) => {
        if (!refusing.on || publications.every((_) => _.queue !== queues.process)) return real.publish(publications)
        refusing.count += 1
        return Effect.succeed(publications.map(() => Either.left(new BrokerError({ reason: "Refused" }))))
      }
    })
  )
})

/** Consumers whose attempts last as long as the test, with what they were given. */
const consuming = Effect.gen(function*() {
  const carried = yield* Ref.make<ReadonlyArray<QueueMessage.DeliveryMessage>>([])
  const returned = yield* Ref.make<ReadonlyArray<string>>([])
  const over = yield* Effect.makeLatch()
  const carry: typeof Courier.Service["carry"] = (message) =>
    Ref.update(carried, (all) => [...all, message]).pipe(Effect.zipRight(over.await), Effect.as({ _tag: "Ack" }))
  const courier = Courier.of({ carry, carryAgain: carry })
  const sweeper = Sweeper.of({
    sweep: Effect.void,
    markerReturned: (id) => Ref.update(returned, (all) => [...all, id]),
    maintain: Effect.void
  })
  const context = yield* Layer.build(
    Layer.provideMerge(
      deliveryConsumers,
      Layer.mergeAll(
        moody,
        Layer.succeed(Courier, courier),
        Layer.succeed(Sweeper, sweeper),
        Layer.succeed(Settings, settings)
      )
    )
  )
  yield* Effect.addFinalizer(() => over.open)
  const broker = yield* Effect.provide(Broker, context)
  const publish = (queue: string, ...messages: ReadonlyArray<QueueMessage.ProcessMessage>) =>
    broker.publish(messages.map((message) => ({ queue, content: QueueMessage.encode(message) })))
  return { broker, carried: Ref.get(carried), returned: Ref.get(returned), publish }
})

const delivery = Effect.map(Ids.next, (id): QueueMessage.DeliveryMessage => ({
  v: 1,
  deliveryId: DeliveryId.make(id),
  generation: 1,
  attempt: 1
}))

it.scopedLive("a new event's delivery does not wait for those that come again, however many they are", () =>
  Effect.gen(function*() {
    const { carried, publish } = yield* consuming
    yield* publish(queues.retry, ...(yield* Effect.replicateEffect(delivery, 1_000)))
    const inHand = Share.retriesInHand(settings.workerConcurrency)
    yield* eventually(carried, (_) => _.length === inHand)
    const fresh = yield* delivery
    yield* publish(queues.process, fresh)
    const all = yield* eventually(carried, (_) => _.length === inHand + 1)
    assert.deepStrictEqual(all.at(-1), fresh)
  }))

it.scopedLive("a marker comes back through both queues", () =>
  Effect.gen(function*() {
    const { publish, returned } = yield* consuming
    const markerId = MarkerId.make(yield* Ids.next)
    yield* publish(queues.retry, { v: 1, markerId })
    yield* eventually(returned, (_) => _.length === 1)
    assert.deepStrictEqual(yield* returned, [markerId])
  }))

it.scopedLive("a marker that cannot go on is replaced by the next, and stands in nobody's way", () =>
  Effect.gen(function*() {
    const { publish, returned } = yield* consuming
    refusing.on = true
    const [lost, next] = [MarkerId.make(yield* Ids.next), MarkerId.make(yield* Ids.next)]
    yield* publish(queues.retry, { v: 1, markerId: lost })
    yield* eventually(Effect.sync(() => refusing.count), (_) => _ === 1)
    refusing.on = false
    yield* publish(queues.retry, { v: 1, markerId: next })
    yield* eventually(returned, (_) => _.length > 0)
    assert.deepStrictEqual(yield* returned, [next])
  }))

it.scopedLive("a marker is not back while messages stand before it in the process queue", () =>
  Effect.gen(function*() {
    const { broker, publish, returned } = yield* consuming
    // One more than the consumers of the process queue have in hand.
    yield* publish(
      queues.process,
      ...(yield* Effect.replicateEffect(delivery, Share.inHand(settings.workerConcurrency) + 1))
    )
    const markerId = MarkerId.make(yield* Ids.next)
    yield* publish(queues.retry, { v: 1, markerId })
    yield* eventually(broker.states([queues.retry, queues.process]), ([retry, process]) =>
      retry?.messages === 0 && process?.messages === 2)
    assert.deepStrictEqual(yield* returned, [])
  }))
