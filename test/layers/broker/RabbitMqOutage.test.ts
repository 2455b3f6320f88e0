// @effect-diagnostics strictEffectProvide:off
import { assert, describe, layer } from "@effect/vitest"
import { Array, Deferred, Effect, Either, Fiber, Option, Ref } from "effect"
import { Broker, type Settlement } from "../../../src/services/ports/Broker.ts"
import { eventually } from "../../support/Eventually.ts"
import { ack, awaitDepth, connected, consume, freshQueues, publish, rabbitMq, recovery } from "./Brokers.ts"
import { programOf, Server } from "./Server.ts"

const installed = Option.isSome(await programOf("rabbitmq-server"))

const reasonOf = Either.match({ onLeft: (_: { readonly reason: string }) => _.reason, onRight: () => "confirmed" })

/** Publishes numbered messages without a pause until told to stop; says which were confirmed. */
const load = Effect.fnUntraced(function*(queue: string) {
  const broker = yield* Broker
  const confirmed = yield* Ref.make<ReadonlyArray<string>>([])
  const reasons = yield* Ref.make<ReadonlySet<string>>(new Set())
  const stop = yield* Ref.make(false)
  const publisher = (name: string) =>
    Effect.iterate(0, {
      while: () => true,
      body: (round) =>
        Effect.gen(function*() {
          if (yield* Ref.get(stop)) return yield* Effect.fail("stopped")
          const contents = Array.makeBy(20, (index) => `${name}.${round}.${index}`)
          const outcomes = yield* broker.publish(contents.map((content) => ({ queue, content })))
          const taken = contents.filter((_, index) => Option.exists(Array.get(outcomes, index), Either.isRight))
          yield* Ref.update(confirmed, (all) => [...all, ...taken])
          yield* Ref.update(reasons, (all) => new Set([...all, ...outcomes.map(reasonOf)]))
          return round + 1
        })
    })
  const fibers = yield* Effect.forkAll(["one", "two", "three"].map((name) => Effect.ignore(publisher(name))))
  return {
    confirmed: Ref.get(confirmed),
    reasons: Ref.get(reasons),
    stop: Effect.zipRight(Ref.set(stop, true), Fiber.join(fibers))
  }
})

/** The server, started where a test before has left it down. */
const running = Effect.tap(Server, (server) => server.start)

describe.runIf(installed)("RabbitMQ that comes and goes", () => {
  layer(Server.layer, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.scoped("hands out all that it confirmed, although it was killed under load", () =>
      Effect.gen(function*() {
        const server = yield* running
        const queues = freshQueues()
        yield* Effect.scoped(Effect.gen(function*() {
          const handled = new Set<string>()
          yield* consume(queues.process, ({ content }) =>
            Effect.sync(() => {
              handled.add(content)
              return ack
            }))
          const publications = yield* load(queues.process)
          yield* eventually(publications.confirmed, (_) => _.length > 200)
          yield* server.kill
          yield* eventually(publications.reasons, (_) => _.size > 1)
          yield* server.start
          yield* recovery
          const before = (yield* publications.confirmed).length
          yield* eventually(publications.confirmed, (_) => _.length > before + 200)
          yield* publications.stop
          const confirmed = yield* publications.confirmed
          yield* eventually(Effect.sync(() => confirmed.filter((_) => !handled.has(_))), (_) => _.length === 0)
          yield* awaitDepth(queues.process, 0)
        })).pipe(Effect.provide(connected(rabbitMq(server.url, queues))))
      }), 60_000)

    it.scoped("that comes back without its queues gets them again, and consumers go on", () =>
      Effect.gen(function*() {
        const server = yield* running
        const queues = freshQueues()
        yield* Effect.scoped(Effect.gen(function*() {
          const consumption = yield* consume(queues.process)
          yield* publish(queues.process, "before")
          yield* consumption.awaitSeen(1)
          yield* server.forget
          yield* recovery
          const retries = yield* consume(queues.retry)
          yield* publish(queues.rung(200), "a retry")
          yield* retries.awaitSeen(1)
          yield* publish(queues.process, "after")
          yield* consumption.awaitSeen(2)
          assert.deepStrictEqual(consumption.contents(), ["before", "after"])
        })).pipe(Effect.provide(connected(rabbitMq(server.url, queues))))
      }), 60_000)

    it.scoped("does not disturb what is in hand by its death, and hands it out again", () =>
      Effect.gen(function*() {
        const server = yield* running
        const queues = freshQueues()
        yield* Effect.scoped(Effect.gen(function*() {
          const gate = yield* Deferred.make<Settlement>()
          const finished = yield* Ref.make(0)
          const handler = Effect.tap(Deferred.await(gate), () => Ref.update(finished, (count) => count + 1))
          const consumption = yield* consume(queues.process, () => handler, { concurrency: 1 })
          yield* publish(queues.process, "message")
          yield* consumption.awaitSeen(1)
          yield* server.kill
          yield* server.start
          yield* recovery
          // It is in the broker's hands again, and the limit of one still holds.
          yield* eventually(Effect.flatMap(Broker, (_) => _.states([queues.process])), ([_]) => _?.consumers === 1)
          assert.strictEqual(consumption.seen.length, 1)
          yield* Deferred.succeed(gate, ack)
          yield* consumption.awaitSeen(2)
          assert.deepStrictEqual(consumption.seen.map((_) => _.redelivered), [false, true])
          yield* eventually(Ref.get(finished), (_) => _ === 2)
        })).pipe(Effect.provide(connected(rabbitMq(server.url, queues))))
      }), 60_000)

    it.scoped("is not waited for by a consumer that shuts down, unlike what is in hand", () =>
      Effect.gen(function*() {
        const server = yield* running
        const queues = freshQueues()
        yield* Effect.scoped(Effect.gen(function*() {
          const broker = yield* Broker
          const gate = yield* Deferred.make<void>()
          const finished = yield* Ref.make(false)
          const handler = Deferred.await(gate).pipe(
            // The rest of its work, which an interruption would cut short.
            Effect.zipRight(Effect.sleep("200 millis")),
            Effect.zipRight(Ref.set(finished, true)),
            Effect.as(ack)
          )
          const consumption = yield* consume(queues.process, () => handler)
          yield* publish(queues.process, "message")
          yield* consumption.awaitSeen(1)
          yield* server.kill
          yield* eventually(Effect.either(broker.check), Either.isLeft)
          yield* Deferred.succeed(gate, undefined)
          yield* Fiber.interrupt(consumption.fiber)
          assert.isTrue(yield* Ref.get(finished))
        })).pipe(Effect.provide(connected(rabbitMq(server.url, queues))))
      }), 60_000)

    it.scoped(
      "is not needed for the start: everything fails typed until it comes, then works by itself",
      () =>
        Effect.gen(function*() {
          const server = yield* Server
          const queues = freshQueues()
          yield* server.stop
          yield* Effect.scoped(Effect.gen(function*() {
            const broker = yield* Broker
            const consumption = yield* consume(queues.process)
            const outcomes = yield* broker.publish([
              { queue: queues.process, content: "too early" },
              { queue: queues.process, content: "too early as well" }
            ])
            assert.deepStrictEqual(outcomes.map(reasonOf), ["Unavailable", "Unavailable"])
            assert.strictEqual((yield* Effect.flip(broker.check)).reason, "Unavailable")
            assert.strictEqual((yield* Effect.flip(broker.states([queues.process]))).reason, "Unavailable")
            yield* server.start
            yield* recovery
            yield* publish(queues.process, "in time")
            yield* consumption.awaitSeen(1)
            assert.deepStrictEqual(consumption.contents(), ["in time"])
          })).pipe(Effect.provide(rabbitMq(server.url, queues)))
        }),
      60_000
    )
  })
})
