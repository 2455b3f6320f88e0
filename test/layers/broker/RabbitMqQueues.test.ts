import { assert, describe, it } from "@effect/vitest"
import { type ChannelModel, type ConfirmChannel, connect } from "amqplib"
import { Effect, Either } from "effect"
import { inject } from "vitest"
import * as States from "../../../src/layers/rabbitmq/States.ts"
import { Broker } from "../../../src/services/ports/Broker.ts"
import { eventually } from "../../support/Eventually.ts"
import { awaitDepth, consume, hasRabbitMq, longDelayMs, onRabbitMq, publish, requeue, shortDelayMs } from "./Brokers.ts"

const connected = <A>(use: (connection: ChannelModel) => Effect.Effect<A>) =>
  Effect.acquireUseRelease(
    Effect.promise(() => connect(inject("rabbitMqUrl") ?? "")),
    use,
    (connection) => Effect.promise(() => connection.close())
  )

/** A channel of somebody else's, for what an operator does and sees. */
const operate = <A>(act: (channel: ConfirmChannel) => Promise<A>) =>
  connected((connection) => Effect.promise(async () => act(await connection.createConfirmChannel())))

/** Whether there is such a queue; asking does not bring it back. */
const exists = (name: string) =>
  connected((connection) => Effect.map(Effect.either(States.ask(connection, name)), Either.isRight))

describe.runIf(hasRabbitMq)("a queue on RabbitMQ", () => {
  it.scopedLive("keeps the reason with a dead letter, and both on disk", () =>
    onRabbitMq((queues) =>
      Effect.gen(function*() {
        yield* publish(queues.process, "{}")
        yield* consume(queues.process, () => Effect.succeed({ _tag: "DeadLetter", reason: "unknown version: 9 – ü" }))
        yield* awaitDepth(queues.deadLetter, 1)
        const letter = yield* operate((channel) => channel.get(queues.deadLetter, { noAck: true }))
        assert.isObject(letter)
        if (letter === false) return
        assert.strictEqual(letter.content.toString("utf8"), "{}")
        assert.strictEqual(letter.properties.headers?.["sluice-reason"], "unknown version: 9 – ü")
        assert.strictEqual(letter.properties.contentType, "application/json")
        assert.strictEqual(letter.properties.deliveryMode, 2)
      })
    ))

  it.scopedLive("that is purged has no effect on who consumes it", () =>
    onRabbitMq((queues) =>
      Effect.gen(function*() {
        const consumption = yield* consume(queues.process)
        yield* publish(queues.process, "before")
        yield* consumption.awaitSeen(1)
        yield* operate((channel) => channel.purgeQueue(queues.process))
        yield* publish(queues.process, "after")
        yield* consumption.awaitSeen(2)
        assert.deepStrictEqual(consumption.contents(), ["before", "after"])
      })
    ))

  it.scopedLive("that is deleted under its consumer is there again, and consumed again", () =>
    onRabbitMq((queues) =>
      Effect.gen(function*() {
        const { states } = yield* Broker
        const consumption = yield* consume(queues.process)
        yield* publish(queues.process, "before")
        yield* consumption.awaitSeen(1)
        yield* operate((channel) => channel.deleteQueue(queues.process))
        yield* eventually(
          Effect.either(states([queues.process])),
          (_) => Either.isRight(_) && _.right[0]?.consumers === 1
        )
        yield* publish(queues.process, "after")
        yield* consumption.awaitSeen(2)
        assert.deepStrictEqual(consumption.contents(), ["before", "after"])
      })
    ))

  it.scopedLive("that is deleted under its consumer while somebody publishes to it is consumed again", () =>
    onRabbitMq((queues) =>
      Effect.gen(function*() {
        const broker = yield* Broker
        const consumption = yield* consume(queues.process)
        yield* publish(queues.process, "before")
        yield* consumption.awaitSeen(1)
        yield* operate((channel) => channel.deleteQueue(queues.process))
        yield* Effect.repeat(broker.publish([{ queue: queues.process, content: "after" }]), {
          until: ([outcome]) => outcome !== undefined && Either.isRight(outcome)
        })
        yield* consumption.awaitSeen(2)
        assert.deepStrictEqual(consumption.contents(), ["before", "after"])
      })
    ))

  it.scopedLive("that is deleted although nobody consumes it is there again soon after the first failure to publish", () =>
    onRabbitMq((queues) =>
      Effect.gen(function*() {
        const broker = yield* Broker
        const rung = queues.rung(shortDelayMs)
        yield* operate((channel) => channel.deleteQueue(rung))
        const [first] = yield* broker.publish([{ queue: rung, content: "first" }])
        assert.strictEqual(first !== undefined && Either.isLeft(first) ? first.left.reason : "confirmed", "Unroutable")
        yield* eventually(
          broker.publish([{ queue: rung, content: "second" }]),
          ([outcome]) => outcome !== undefined && Either.isRight(outcome)
        )
        const consumption = yield* consume(queues.retry)
        yield* consumption.awaitSeen(1)
        assert.deepStrictEqual(consumption.contents(), ["second"])
      })
    ))

  it.scopedLive("that is deleted is not there again because another is: its own consumers have to learn of it first", () =>
    onRabbitMq((queues) =>
      Effect.gen(function*() {
        const broker = yield* Broker
        const [gone, asked] = [queues.rung(longDelayMs), queues.rung(shortDelayMs)]
        const consumption = yield* consume(queues.process)
        yield* publish(queues.process, "before")
        yield* consumption.awaitSeen(1)
        yield* operate((channel) => Promise.all([gone, asked, queues.process].map((name) => channel.deleteQueue(name))))
        yield* broker.publish([{ queue: asked, content: "{}" }])
        yield* eventually(exists(asked), (_) => _)
        yield* eventually(exists(queues.process), (_) => _)
        assert.isFalse(yield* exists(gone))
      })
    ))

  it.scopedLive("takes what somebody else wrote, whatever it is", () =>
    onRabbitMq((queues) =>
      Effect.gen(function*() {
        const consumption = yield* consume(queues.process)
        yield* operate(async (channel) => {
          channel.sendToQueue(queues.process, Buffer.alloc(0))
          channel.sendToQueue(queues.process, Buffer.from([0xff, 0x00, 0xfe]))
          await channel.waitForConfirms()
        })
        yield* consumption.awaitSeen(2)
        assert.deepStrictEqual(consumption.contents(), ["", "\ufffd\0\ufffd"])
        yield* awaitDepth(queues.process, 0)
      })
    ))

  it.scopedLive("never has a message in the hands of two consumers at once", () =>
    onRabbitMq((queues) =>
      Effect.gen(function*() {
        const inHand = new Set<string>()
        const clashes: Array<string> = []
        const handler = ({ content }: { readonly content: string }) =>
          Effect.acquireUseRelease(
            Effect.sync(() => {
              if (inHand.has(content)) clashes.push(content)
              inHand.add(content)
            }),
            () => Effect.as(Effect.yieldNow(), requeue),
            () => Effect.sync(() => inHand.delete(content))
          )
        const one = yield* consume(queues.process, handler, { concurrency: 3 })
        const other = yield* consume(queues.process, handler, { concurrency: 3 })
        yield* publish(queues.process, "1", "2", "3", "4", "5")
        yield* one.awaitSeen(20)
        yield* other.awaitSeen(20)
        assert.deepStrictEqual(clashes, [])
      })
    ))
})
