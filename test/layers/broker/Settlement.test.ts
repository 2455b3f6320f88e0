import { assert, it } from "@effect/vitest"
import { Array, Clock, Effect, Fiber } from "effect"
import { Broker, type Settlement } from "../../../src/services/ports/Broker.ts"
import { eventually } from "../../support/Eventually.ts"
import { ack, awaitDepth, consume, longDelayMs, onEach, publish, requeue, shortDelayMs } from "./Brokers.ts"

/** What the broker's clock and ours may differ by, in milliseconds. */
const skew = 10

const forward = (queue: string, content: string): Settlement => ({ _tag: "Forward", publication: { queue, content } })

onEach("a message", (on) => {
  it.scopedLive("that is acknowledged never comes again", () =>
    on((queues) =>
      Effect.gen(function*() {
        yield* publish(queues.process, "1", "2", "3")
        const first = yield* consume(queues.process)
        yield* first.awaitSeen(3)
        yield* Fiber.interrupt(first.fiber)
        yield* awaitDepth(queues.process, 0)
        const second = yield* consume(queues.process)
        yield* publish(queues.process, "4")
        yield* second.awaitSeen(1)
        assert.deepStrictEqual(second.contents(), ["4"])
      })
    ))

  it.scopedLive("that is requeued comes again, marked as such, until it is settled", () =>
    on((queues) =>
      Effect.gen(function*() {
        yield* publish(queues.process, "message")
        const consumption = yield* consume(queues.process, (_, number) => Effect.succeed(number < 3 ? requeue : ack))
        yield* consumption.awaitSeen(3)
        yield* awaitDepth(queues.process, 0)
        assert.deepStrictEqual(consumption.seen, [
          { content: "message", redelivered: false },
          { content: "message", redelivered: true },
          { content: "message", redelivered: true }
        ])
      })
    ))

  it.scopedLive("that is requeued for ever ends among the dead letters", () =>
    on((queues) =>
      Effect.gen(function*() {
        yield* publish(queues.process, "poison")
        const consumption = yield* consume(queues.process, () => Effect.succeed(requeue))
        const dead = yield* consume(queues.deadLetter)
        const [letter] = yield* dead.awaitSeen(1)
        assert.strictEqual(letter?.content, "poison")
        // RabbitMQ counts the times that it came back, not the times that it went out.
        assert.oneOf(consumption.seen.length, [50, 51])
        yield* publish(queues.process, "next")
        yield* consumption.awaitSeen(consumption.seen.length + 1)
      })
    ))

  it.scopedLive("that is forwarded to a rung comes back when its delay is over, and not before", () =>
    on((queues) =>
      Effect.gen(function*() {
        yield* publish(queues.process, "first")
        const times: Array<number> = []
        const noting = (settlement: Settlement) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            times.push(now)
            return settlement
          })
        const first = yield* consume(queues.process, () => noting(forward(queues.rung(shortDelayMs), "second")))
        const second = yield* consume(queues.retry, () => noting(ack))
        yield* second.awaitSeen(1)
        assert.deepStrictEqual([...first.contents(), ...second.contents()], ["first", "second"])
        assert.isAtLeast((times[1] ?? 0) - (times[0] ?? 0), shortDelayMs - skew)
        yield* awaitDepth(queues.process, 0)
        yield* awaitDepth(queues.retry, 0)
        yield* awaitDepth(queues.rung(shortDelayMs), 0)
      })
    ))

  it.scopedLive("in a short rung does not wait for those in a longer one", () =>
    on((queues) =>
      Effect.gen(function*() {
        const startedAt = yield* Clock.currentTimeMillis
        yield* publish(queues.rung(longDelayMs), "long 1", "long 2")
        yield* publish(queues.rung(shortDelayMs), "short 1", "short 2")
        const consumption = yield* consume(queues.retry, undefined, { concurrency: 1 })
        yield* consumption.awaitSeen(4)
        assert.isAtLeast(yield* Clock.currentTimeMillis, startedAt + longDelayMs - skew)
        assert.deepStrictEqual(consumption.contents(), ["short 1", "short 2", "long 1", "long 2"])
      })
    ))

  it.scopedLive("that is forwarded to where there is no queue comes again instead", () =>
    on((queues) =>
      Effect.gen(function*() {
        yield* publish(queues.process, "message")
        const consumption = yield* consume(
          queues.process,
          (_, number) => Effect.succeed(number === 1 ? forward(`${queues.process}.unknown`, "lost") : ack)
        )
        yield* consumption.awaitSeen(2)
        assert.deepStrictEqual(consumption.contents(), ["message", "message"])
        yield* awaitDepth(queues.process, 0)
      })
    ))

  it.scopedLive("that is dead-lettered stands in the dead-letter queue, and no more where it was", () =>
    on((queues) =>
      Effect.gen(function*() {
        const content = "{ \"not\": \"a délivery\" "
        yield* publish(queues.process, content)
        yield* consume(queues.process, () => Effect.succeed({ _tag: "DeadLetter", reason: "it is not a delivery" }))
        yield* awaitDepth(queues.deadLetter, 1)
        yield* awaitDepth(queues.process, 0)
        const dead = yield* consume(queues.deadLetter)
        assert.deepStrictEqual(yield* dead.awaitSeen(1), [{ content, redelivered: false }])
      })
    ))

  it.scopedLive("whose handler dies comes again, and its neighbours are handled", () =>
    on((queues) =>
      Effect.gen(function*() {
        yield* publish(queues.process, "1", "bad", "2")
        const consumption = yield* consume(queues.process, ({ content, redelivered }) =>
          content === "bad" && !redelivered ? Effect.dieMessage("the handler has a bug") : Effect.succeed(ack))
        yield* consumption.awaitSeen(4)
        yield* awaitDepth(queues.process, 0)
        assert.deepStrictEqual(consumption.seen.map(({ content, redelivered }) => [content, redelivered]), [
          ["1", false],
          ["bad", false],
          ["2", false],
          ["bad", true]
        ])
      })
    ))

  it.scopedLive("whose handler throws before it has begun comes again too", () =>
    on((queues) =>
      Effect.gen(function*() {
        yield* publish(queues.process, "bad")
        const consumption = yield* consume(queues.process, ({ redelivered }) => {
          if (redelivered) return Effect.succeed(ack)
          throw new Error("the handler has a bug")
        })
        yield* consumption.awaitSeen(2)
        yield* awaitDepth(queues.process, 0)
      })
    ))

  it.scopedLive("goes to one of two consumers of its queue", () =>
    on((queues) =>
      Effect.gen(function*() {
        const { states } = yield* Broker
        const contents = Array.makeBy(200, String)
        const one = yield* consume(queues.process, undefined, { concurrency: 2 })
        const other = yield* consume(queues.process, undefined, { concurrency: 2 })
        yield* publish(queues.process, ...contents)
        const seen = Effect.sync(() => [...one.contents(), ...other.contents()])
        yield* eventually(seen, (_) => _.length >= contents.length)
        yield* awaitDepth(queues.process, 0)
        assert.deepStrictEqual((yield* seen).toSorted(), contents.toSorted())
        assert.strictEqual((yield* states([queues.process]))[0]?.consumers, 2)
      })
    ))
})
