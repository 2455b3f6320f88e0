// @effect-diagnostics strictEffectProvide:off
import { assert, describe, layer } from "@effect/vitest"
import { Array, Clock, Deferred, Duration, Effect, Either, Option } from "effect"
import { Broker, type BrokerError, type Settlement } from "../../../src/services/ports/Broker.ts"
import { eventually } from "../../support/Eventually.ts"
import * as Proxy from "../../support/Proxy.ts"
import { ack, awaitDepth, connected, consume, freshQueues, publish, rabbitMq, recovery } from "./Brokers.ts"
import { programOf, Server } from "./Server.ts"

const ctl = await programOf("rabbitmqctl")

const control = (...args: ReadonlyArray<string>) =>
  Effect.orDie(Effect.flatMap(Server, (server) => server.control(...args)))

const reasonOf = Either.match({ onLeft: (_: BrokerError) => _.reason, onRight: () => "confirmed" })

const publishOne = (queue: string, content: string) =>
  Effect.flatMap(
    Broker,
    (_) => Effect.map(_.publish([{ queue, content }]), ([outcome]) => outcome && reasonOf(outcome))
  )

describe.runIf(Option.isSome(ctl))("RabbitMQ in trouble", () => {
  layer(Server.layer, { excludeTestServices: true, timeout: "60 seconds" })((it) => {
    it.scoped(
      "blocks publishers, who fail at once from then on and go on afterwards, while consumers go on",
      () =>
        Effect.gen(function*() {
          const server = yield* Server
          const queues = freshQueues()
          yield* Effect.scoped(Effect.gen(function*() {
            yield* publish(queues.process, "before")
            yield* control("set_vm_memory_high_watermark", "0.0000001")
            yield* eventually(publishOne(queues.process, "blocked"), (_) => _ === "Refused")
            const [time, outcomes] = yield* Effect.timed(Effect.replicateEffect(publishOne(queues.process, "no"), 50))
            assert.deepStrictEqual([...new Set(outcomes)], ["Refused"])
            assert.isTrue(Duration.lessThan(time, "10 seconds"))
            const consumption = yield* consume(queues.process)
            yield* consumption.awaitSeen(1)
            assert.strictEqual(consumption.contents()[0], "before")
            yield* control("set_vm_memory_high_watermark", "0.4")
            yield* eventually(publishOne(queues.process, "after"), (_) => _ === "confirmed")
            yield* eventually(Effect.sync(consumption.contents), (_) => _.includes("after"))
          })).pipe(Effect.provide(connected(rabbitMq(server.url, queues))))
        }),
      60_000
    )

    it.scoped("closes the channel of a publisher, who opens another", () =>
      Effect.gen(function*() {
        const server = yield* Server
        const queues = freshQueues()
        yield* control(
          "eval",
          "application:set_env(rabbit, max_message_size, 100000), persistent_term:put(max_message_size, 100000)."
        )
        yield* Effect.scoped(Effect.gen(function*() {
          yield* publish(queues.process, "before")
          assert.notStrictEqual(yield* publishOne(queues.process, "x".repeat(200_000)), "confirmed")
          yield* recovery
          yield* publish(queues.process, "after")
          yield* awaitDepth(queues.process, 2)
        })).pipe(Effect.provide(connected(rabbitMq(server.url, queues))))
      }), 60_000)

    it.scoped("loses connections under load, and still hands out all that it confirmed", () =>
      Effect.gen(function*() {
        const server = yield* Server
        const proxy = yield* Proxy.make(server.port)
        const queues = freshQueues()
        const url = server.url.replace(`:${server.port}`, `:${proxy.port}`)
        yield* Effect.scoped(Effect.gen(function*() {
          const broker = yield* Broker
          const consumption = yield* consume(queues.process)
          const contents = Array.makeBy(3_000, String)
          const publications = yield* Effect.fork(
            Effect.forEach(Array.chunksOf(contents, 30), (chunk) =>
              Effect.map(broker.publish(chunk.map((content) => ({ queue: queues.process, content }))), (outcomes) =>
                chunk.filter((_, index) =>
                  Option.exists(Array.get(outcomes, index), Either.isRight)
                )))
          )
          for (const seen of [100, 300, 600]) {
            yield* consumption.awaitSeen(seen)
            yield* proxy.cut
          }
          const confirmed = (yield* publications).flat()
          assert.isAbove(confirmed.length, 0)
          yield* eventually(
            Effect.map(
              Effect.sync(() => new Set(consumption.contents())),
              (seen) => confirmed.filter((_) => !seen.has(_))
            ),
            (missing) => missing.length === 0
          )
        })).pipe(Effect.provide(connected(rabbitMq(url, queues))))
        yield* eventually(proxy.open, (_) => _ === 0)
      }), 60_000)

    it.scoped(
      "loses connections while the limit is reached, and what waited for its turn is not begun in vain",
      () =>
        Effect.gen(function*() {
          const server = yield* Server
          const proxy = yield* Proxy.make(server.port)
          const queues = freshQueues()
          const url = server.url.replace(`:${server.port}`, `:${proxy.port}`)
          yield* Effect.scoped(Effect.gen(function*() {
            const broker = yield* Broker
            const gate = yield* Deferred.make<Settlement>()
            const consumption = yield* consume(queues.process, () => Deferred.await(gate), { concurrency: 1 })
            yield* publish(queues.process, "message")
            yield* consumption.awaitSeen(1)
            for (let losses = 0; losses < 3; losses += 1) {
              yield* proxy.cut
              // It is out again, to a consumer whose limit is reached.
              yield* eventually(
                Effect.either(broker.states([queues.process])),
                (_) => Either.isRight(_) && _.right[0]?.consumers === 1 && _.right[0].messages === 0
              )
            }
            yield* Deferred.succeed(gate, ack)
            yield* consumption.awaitSeen(2)
            yield* awaitDepth(queues.process, 0)
            yield* publish(queues.process, "next")
            yield* eventually(Effect.sync(consumption.contents), (_) => _.includes("next"))
            assert.deepStrictEqual(consumption.contents(), ["message", "message", "next"])
          })).pipe(Effect.provide(connected(rabbitMq(url, queues))))
        }),
      60_000
    )

    it.scoped(
      "falls silent: what is not confirmed in time fails typed, and the connection is made anew",
      () =>
        Effect.gen(function*() {
          const server = yield* Server
          const proxy = yield* Proxy.make(server.port)
          const queues = freshQueues()
          const url = server.url.replace(`:${server.port}`, `:${proxy.port}?heartbeat=1`)
          yield* Effect.scoped(Effect.gen(function*() {
            const consumption = yield* consume(queues.process)
            yield* publish(queues.process, "before")
            yield* consumption.awaitSeen(1)
            yield* proxy.lose
            const startedAt = yield* Clock.currentTimeMillis
            assert.include(["Timeout", "Failed", "Unavailable"], yield* publishOne(queues.process, "into the void"))
            assert.isBelow((yield* Clock.currentTimeMillis) - startedAt, 15_000)
            yield* recovery
            yield* publish(queues.process, "after")
            yield* eventually(Effect.sync(consumption.contents), (_) => _.includes("after"))
          })).pipe(Effect.provide(connected(rabbitMq(url, queues))))
        }),
      60_000
    )
  })
})
