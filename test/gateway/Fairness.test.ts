import { assert, layer } from "@effect/vitest"
import { Duration, Effect, Schema } from "effect"
import { Broker } from "../../src/services/ports/Broker.ts"
import { Settings } from "../../src/services/Settings.ts"
import * as Callback from "../support/Callback.ts"
import { eventually } from "../support/Eventually.ts"
import * as Gateway from "../support/Gateway.ts"
import { onEach } from "../support/Gateways.ts"
import * as Grounds from "../support/Grounds.ts"

const waiting = 200
const breaker = {
  failures: 5,
  failingFor: Duration.millis(300),
  probeAfter: Duration.millis(200),
  probeAtMost: Duration.millis(400)
}

const decode = Schema.decodeUnknown(Schema.Struct({ breaker: Schema.String }))

/** Sends so many webhooks to a source at once; the ids of their events. */
const sendMany = (
  source: Effect.Effect.Success<ReturnType<typeof Gateway.integration>>,
  count: number
) =>
  Effect.forEach(
    Array.from({ length: count }, (_, index) => `webhook-${index}`),
    (id) => Effect.map(Effect.flatMap(source.send(id), Gateway.accepted), (_) => _.eventId),
    { concurrency: 20 }
  )

const delivered = (ids: ReadonlyArray<string>) =>
  Effect.forEach(ids, (id) => eventually(Gateway.event(id), (_) => _.status === "delivered", 40_000))

onEach("a destination that hangs", (gateway) => {
  // A machine that is busy must not let a lease lapse while its attempt hangs.
  layer(gateway({ workerConcurrency: 12, deliveryTimeout: Duration.minutes(5), lockTtl: Duration.minutes(1) }), {
    excludeTestServices: true,
    timeout: "30 seconds"
  })((it) => {
    it.scoped(
      "keeps no other waiting, whatever waits for it, and gets what was held for it once it answers",
      () =>
        Effect.gen(function*() {
          const broker = yield* Broker
          const { queues } = yield* Settings
          const hanging = new Set<() => void>()
          const sick = yield* Callback.make
          yield* sick.answer((response) => void hanging.add(() => response.writeHead(204).end()))
          const healthy = yield* Callback.make
          const patients = yield* sendMany(yield* Gateway.integration("sick", sick.url), waiting)
          const others = yield* sendMany(yield* Gateway.integration("healthy", healthy.url), 20)
          yield* delivered(others)
          // Two thirds of the places at most; the rest waits in the database and circles in no queue.
          assert.isAtMost(sick.received.length, 9)
          yield* eventually(
            broker.states([queues.process, queues.retry, ...queues.rungs.map((_) => _.name)]),
            (states) => states.every((_) => _.messages === 0)
          )

          yield* sick.answer(Callback.status(204))
          hanging.forEach((answer) => answer())
          const events = yield* delivered(patients)
          assert.deepStrictEqual(new Set(events.map((_) => _.deliveries[0]?.attemptCount)), new Set([1]))
          assert.strictEqual(sick.received.length, waiting)
        }),
      { timeout: 60_000 }
    )
  })
})

onEach("a destination that answers, but gets more than it can take", (gateway) => {
  layer(gateway({ workerConcurrency: 8 }), { excludeTestServices: true, timeout: "30 seconds" })((it) => {
    it.scoped("keeps no other waiting, and gets all of it in the end", () =>
      Effect.gen(function*() {
        const slow = yield* Callback.make
        yield* slow.answer((response) => void setTimeout(() => response.writeHead(204).end(), 100))
        const quick = yield* Callback.make
        const many = yield* sendMany(yield* Gateway.integration("slow", slow.url), 2 * waiting)
        const few = yield* sendMany(yield* Gateway.integration("quick", quick.url), 20)
        const before = slow.received.length
        yield* delivered(few)
        // It takes 60 a second, so most of them are still to come.
        assert.isBelow(slow.received.length - before, waiting)
        yield* delivered(many)
        assert.strictEqual(slow.received.length, 2 * waiting)
      }), { timeout: 60_000 })
  })
})

onEach("a destination with limits of its own", (gateway) => {
  layer(gateway(), { excludeTestServices: true, timeout: "30 seconds" })((it) => {
    it.scoped("never has more attempts under way than it takes", () =>
      Effect.gen(function*() {
        const { manage } = yield* Gateway.Gateway
        const callback = yield* Callback.make
        let [underWay, most] = [0, 0]
        yield* callback.answer((response) => {
          underWay += 1
          most = Math.max(most, underWay)
          setTimeout(() => {
            underWay -= 1
            response.writeHead(200).end()
          }, 20)
        })
        const source = yield* Gateway.integration("narrow", callback.url)
        yield* manage(`/destinations/${source.destinations[0]?.id}`, { concurrency: 2 }, "PATCH")
        yield* delivered(yield* sendMany(source, 20))
        assert.strictEqual(most, 2)
        assert.strictEqual(callback.received.length, 20)
      }), { timeout: 60_000 })
  })
})

onEach("a destination that keeps failing", (gateway) => {
  // However long it takes, nobody runs out of retries before the callback is mended.
  const retryPolicy = { ...Grounds.settings().retryPolicy, maxRetries: 100 }

  layer(gateway({ breaker, retryPolicy }), { excludeTestServices: true, timeout: "30 seconds" })((it) => {
    it.scoped(
      "has its deliveries held and is tried with one at a time, until it answers again",
      () =>
        Effect.gen(function*() {
          const { manage } = yield* Gateway.Gateway
          const callback = yield* Callback.make
          yield* callback.answer(Callback.status(500))
          const source = yield* Gateway.integration("failing", callback.url)
          const breakerIs = (wanted: string) =>
            eventually(
              Effect.flatMap(manage(`/destinations/${source.destinations[0]?.id}`), (_) => decode(_.json)),
              (_) => _.breaker === wanted
            )
          // One after another, so that they fail for longer than the breaker waits.
          const early = yield* Effect.forEach(Array.from({ length: 6 }), (_, index) =>
            Effect.zipLeft(
              Effect.flatMap(source.send(`early-${index}`), Gateway.accepted),
              callback.awaitReceived((index + 1) * 2)
            ))
          yield* breakerIs("open")
          const late = yield* Effect.forEach(
            Array.from({ length: 10 }),
            (_, index) => Effect.flatMap(source.send(`late-${index}`), Gateway.accepted)
          )
          const held = yield* Effect.forEach(
            late,
            ({ eventId }) => eventually(Gateway.event(eventId), (_) => _.deliveries[0]?.status === "held")
          )
          assert.isBelow(held.reduce((sum, _) => sum + (_.deliveries[0]?.attemptCount ?? 0), 0), held.length)

          yield* callback.answer(Callback.status(200))
          yield* delivered(late.map((_) => _.eventId))
          yield* delivered(early.map((_) => _.eventId))
          yield* breakerIs("closed")
        }),
      { timeout: 60_000 }
    )
  })
})
