import { assert, layer } from "@effect/vitest"
import { Duration, Effect, Layer } from "effect"
import { DeliveryId } from "../../src/domain/Ids.ts"
import * as QueueMessage from "../../src/domain/QueueMessage.ts"
import * as Worker from "../../src/layers/Worker.ts"
import { lockOf } from "../../src/services/Leases.ts"
import { Broker } from "../../src/services/ports/Broker.ts"
import { Coordination } from "../../src/services/ports/Coordination.ts"
import { Settings } from "../../src/services/Settings.ts"
import * as Callback from "../support/Callback.ts"
import { eventually } from "../support/Eventually.ts"
import * as Gateway from "../support/Gateway.ts"
import { onEach } from "../support/Gateways.ts"

onEach("two workers", (gateway) => {
  const two = Layer.fresh(Worker.programs).pipe(Layer.provideMerge(gateway()))

  layer(two, { excludeTestServices: true, timeout: "30 seconds" })((it) => {
    it.scoped(
      "make one attempt of each event, also when every message comes three times",
      () =>
        Effect.gen(function*() {
          const broker = yield* Broker
          const { queues } = yield* Settings
          const callback = yield* Callback.make
          yield* callback.answer((response) => void setTimeout(() => response.writeHead(200).end(), 30))
          const { send } = yield* Gateway.integration("many", callback.url)
          const ids = yield* Effect.forEach(Array.from({ length: 100 }), (_, index) =>
            Effect.gen(function*() {
              const { eventId } = yield* Gateway.accepted(yield* send(`many-${index}`))
              const { deliveries: [delivery] } = yield* Gateway.event(eventId)
              const deliveryId = DeliveryId.make(delivery?.id ?? "")
              const content = QueueMessage.encode({ v: 1, deliveryId, generation: 1, attempt: 1 })
              yield* broker.publish([{ queue: queues.process, content }, { queue: queues.process, content }])
              return eventId
            }), { concurrency: 10 })
          const events = yield* Effect.forEach(
            ids,
            (id) => eventually(Gateway.event(id), (_) => _.status === "delivered")
          )
          // Whatever was parked in the shortest rung comes out stale.
          yield* eventually(
            broker.states([queues.process, queues.retry, ...queues.rungs.map((_) => _.name)]),
            (states) => states.every((_) => _.messages === 0)
          )
          assert.deepStrictEqual(new Set(events.map((_) => _.deliveries[0]?.attemptCount)), new Set([1]))
          assert.strictEqual(callback.received.length, ids.length)
        }),
      { timeout: 60_000 }
    )

    it.scoped("lose nothing to a lock that a killed worker left behind", () =>
      Effect.gen(function*() {
        const coordination = yield* Coordination
        const callback = yield* Callback.make
        yield* callback.answer(Callback.status(500))
        const { send } = yield* Gateway.integration("locked", callback.url, { callbackUrl: callback.url })
        const { eventId } = yield* Gateway.accepted(yield* send("one"))
        yield* callback.awaitReceived(1)
        const { deliveries: [delivery] } = yield* Gateway.event(eventId)
        // Taken between two attempts, as a worker does that is killed right after.
        yield* eventually(
          coordination.lock(
            [lockOf({ deliveryId: delivery?.id ?? "", token: "of a killed worker" })],
            Duration.millis(700)
          ),
          ([locked]) => locked === true
        )
        yield* callback.answer(Callback.status(200))
        const event = yield* eventually(Gateway.event(eventId), (_) => _.status === "delivered")
        assert.strictEqual(event.deliveries[0]?.attemptCount, callback.received.length)
      }))
  })
})
