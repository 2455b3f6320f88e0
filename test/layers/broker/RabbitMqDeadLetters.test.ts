// @effect-diagnostics strictEffectProvide:off
import { assert, describe, it } from "@effect/vitest"
import { type ConfirmChannel, connect } from "amqplib"
import { Array, Duration, Effect, Option } from "effect"
import { inject } from "vitest"
import type { DeadLetter } from "../../../src/domain/DeadLetter.ts"
import { Broker } from "../../../src/services/ports/Broker.ts"
import { eventually } from "../../support/Eventually.ts"
import * as Proxy from "../../support/Proxy.ts"
import { awaitDepth, connected, consume, freshQueues, hasRabbitMq, onRabbitMq, publish, rabbitMq } from "./Brokers.ts"

/** A channel of somebody else's. */
const operate = <A>(act: (channel: ConfirmChannel) => Promise<A>) =>
  Effect.acquireUseRelease(
    Effect.promise(() => connect(inject("rabbitMqUrl") ?? "")),
    (connection) => Effect.promise(async () => act(await connection.createConfirmChannel())),
    (connection) => Effect.promise(() => connection.close())
  )

const everything = { limit: 200, bytes: 1_048_576 }
const deadLetters = Effect.map(Broker, (_) => _.deadLetters)

describe.runIf(hasRabbitMq)("the dead-letter queue on RabbitMQ", () => {
  it.scopedLive("may be looked at as often as one likes, although RabbitMQ 4 drops what comes back 20 times", () =>
    onRabbitMq((queues) =>
      Effect.gen(function*() {
        const { inspect } = yield* deadLetters
        yield* publish(queues.process, "1", "2", "3")
        yield* consume(queues.process, ({ content }) => Effect.succeed({ _tag: "DeadLetter", reason: `no ${content}` }))
        yield* awaitDepth(queues.deadLetter, 3)
        for (let look = 0; look < 45; look += 1) yield* eventually(inspect(everything), (_) => _.length === 3)
        const returns = yield* operate(async (channel) => {
          const messages = [1, 2, 3].map(() => channel.get(queues.deadLetter))
          return (await Promise.all(messages)).map((message) =>
            message === false ? -1 : Number(message.properties.headers?.["x-delivery-count"] ?? 0)
          )
        })
        assert.isTrue(returns.every((_) => _ >= 0 && _ < 20), returns.join())
        const letters = yield* eventually(inspect(everything), (_) => _.length === 3)
        assert.deepStrictEqual(
          letters.map(({ content, death }) => [content, Option.getOrNull(death.said), death.times]).toSorted(),
          [["1", "no 1", 1], ["2", "no 2", 1], ["3", "no 3", 1]]
        )
        assert.isTrue(letters.every(({ death }) => Option.contains(death.queue, queues.process)))
      })
    ))

  it.scopedLive("shows what an earlier revision or anybody else put there, whatever its headers say", () =>
    onRabbitMq((queues) =>
      Effect.gen(function*() {
        const { inspect } = yield* deadLetters
        const strange = [
          { "sluice-reason": "unknown message version 9" },
          { "sluice-cause": "of tomorrow", "sluice-queue": 7, "sluice-deaths": "many", "sluice-died-at": "yesterday" },
          { "x-death": "not a list", "sluice-deaths": -1 },
          { "x-death": [] },
          {}
        ]
        yield* operate(async (channel) => {
          for (const [index, headers] of strange.entries()) {
            channel.sendToQueue(queues.deadLetter, Buffer.from(String(index)), { headers })
          }
          channel.sendToQueue(queues.deadLetter, Buffer.alloc(100_000, "x"))
          channel.sendToQueue(queues.deadLetter, Buffer.from([0xff, 0x00]))
          await channel.waitForConfirms()
        })
        const letters = yield* eventually(inspect(everything), (_) => _.length === 7)
        assert.deepStrictEqual(
          letters.map(({ bytes, death }) => [bytes, death.cause, Option.getOrNull(death.said), death.times]),
          [
            [1, "refused", "unknown message version 9", 1],
            [1, "unknown", null, 0],
            [1, "unknown", null, 0],
            [1, "unknown", null, 0],
            [1, "unknown", null, 0],
            [100_000, "unknown", null, 0],
            [2, "unknown", null, 0]
          ]
        )
        assert.isTrue(letters.every((_) => _.content.length < 5_000))
      })
    ))

  it.scopedLive("gives to nobody else what one has in hand, and all of it once that one is gone", () =>
    onRabbitMq((queues) =>
      Effect.gen(function*() {
        const { inspect } = yield* deadLetters
        yield* publish(queues.deadLetter, "1", "2", "3")
        yield* Effect.scoped(Effect.gen(function*() {
          const connection = yield* Effect.acquireRelease(
            Effect.promise(() => connect(inject("rabbitMqUrl") ?? "")),
            (connection) => Effect.promise(() => connection.close())
          )
          yield* Effect.promise(async () => {
            const channel = await connection.createChannel()
            await channel.get(queues.deadLetter)
            await channel.get(queues.deadLetter)
          })
          assert.deepStrictEqual((yield* inspect(everything)).map((_) => _.content), ["3"])
        }))
        yield* eventually(inspect(everything), (_) => _.length === 3)
      })
    ))

  it.scopedLive("is requeued a thousand at a time, each message once", () =>
    onRabbitMq((queues) =>
      Effect.gen(function*() {
        const { requeue } = yield* deadLetters
        yield* publish(queues.deadLetter, ...Array.makeBy(1_000, String))
        yield* awaitDepth(queues.deadLetter, 1_000)
        const target = ({ content }: DeadLetter) => content.endsWith("7") ? Option.none() : Option.some(queues.replay)
        // A slow machine does not have all of them in one call.
        yield* Effect.repeat(requeue(1_000, target), { until: (_) => _.requeued === 0 })
        yield* awaitDepth(queues.replay, 900)
        yield* awaitDepth(queues.deadLetter, 100)
        const consumption = yield* consume(queues.replay, undefined, { concurrency: 100 })
        yield* consumption.awaitSeen(900)
        assert.strictEqual(new Set(consumption.contents()).size, 900)
      })
    ))

  it.scopedLive("that somebody deleted is there again when it is asked for", () =>
    onRabbitMq((queues) =>
      Effect.gen(function*() {
        const { deadLetters: { inspect, purge, requeue }, states } = yield* Broker
        const deleted = operate((channel) => channel.deleteQueue(queues.deadLetter))
        for (
          const question of [inspect(everything), requeue(10, () => Option.none()), purge, states([queues.deadLetter])]
        ) {
          yield* deleted
          yield* question
        }
        yield* awaitDepth(queues.deadLetter, 0)
      })
    ))

  it.scopedLive("keeps nobody waiting while the server is silent", () =>
    Effect.gen(function*() {
      const url = new URL(inject("rabbitMqUrl") ?? "")
      const proxy = yield* Proxy.make(Number(url.port))
      url.port = String(proxy.port)
      const queues = freshQueues()
      yield* Effect.scoped(Effect.gen(function*() {
        const { check, deadLetters: { inspect, purge, requeue }, states } = yield* Broker
        yield* proxy.lose
        yield* proxy.hold
        const questions = [
          check,
          Effect.asVoid(inspect(everything)),
          Effect.asVoid(requeue(10, () => Option.none())),
          Effect.asVoid(purge),
          Effect.asVoid(states([queues.process]))
        ]
        const [time, errors] = yield* Effect.timed(Effect.forEach(questions, Effect.flip, { concurrency: "unbounded" }))
        assert.deepStrictEqual([...new Set(errors.map((_) => _.reason))], ["Timeout"])
        assert.isTrue(Duration.lessThan(time, "8 seconds"))
        // So that nobody has to wait for its farewells.
        yield* proxy.refuse
      })).pipe(Effect.provide(connected(rabbitMq(url.href, queues))))
    }), 40_000)
})
