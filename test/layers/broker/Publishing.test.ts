import { assert, it } from "@effect/vitest"
import { Array, Deferred, Duration, Effect, Either } from "effect"
import { Broker, type Settlement } from "../../../src/services/ports/Broker.ts"
import { eventually } from "../../support/Eventually.ts"
import { ack, awaitDepth, consume, hourMs, onEach, publish } from "./Brokers.ts"

onEach("a publication", (on) => {
  it.scopedLive("is handed out as it was written", () =>
    on((queues) =>
      Effect.gen(function*() {
        const content = "{ \"text\":\"ünïcödé \u{1f511}\" }\r\n"
        yield* publish(queues.process, content)
        const { awaitSeen } = yield* consume(queues.process)
        assert.deepStrictEqual(yield* awaitSeen(1), [{ content, redelivered: false }])
      })
    ))

  it.scopedLive("waits for its consumer, behind those that came before it", () =>
    on((queues) =>
      Effect.gen(function*() {
        const contents = Array.makeBy(20, String)
        yield* publish(queues.process, ...contents)
        const consumption = yield* consume(queues.process, undefined, { concurrency: 1 })
        yield* consumption.awaitSeen(20)
        assert.deepStrictEqual(consumption.contents(), contents)
      })
    ))

  it.scopedLive("to a queue that does not exist is Unroutable, and its neighbours are confirmed", () =>
    on((queues) =>
      Effect.gen(function*() {
        const broker = yield* Broker
        const outcomes = yield* broker.publish([
          { queue: queues.process, content: "first" },
          { queue: `${queues.process}.unknown`, content: "second" },
          { queue: queues.replay, content: "third" }
        ])
        const reasons = outcomes.map(Either.match({ onLeft: (_) => _.reason, onRight: () => "confirmed" }))
        assert.deepStrictEqual(reasons, ["confirmed", "Unroutable", "confirmed"])
        yield* awaitDepth(queues.process, 1)
        yield* awaitDepth(queues.replay, 1)
      })
    ))

  it.scopedLive("of nothing has no outcomes", () =>
    on(() =>
      Effect.gen(function*() {
        const broker = yield* Broker
        const [time, outcomes] = yield* Effect.timed(broker.publish([]))
        assert.deepStrictEqual(outcomes, [])
        assert.isTrue(Duration.lessThan(time, "2 seconds"))
      })
    ))

  it.scopedLive("is handed out exactly once when it is acknowledged, as one of 2,000 at once", () =>
    on((queues) =>
      Effect.gen(function*() {
        const consumption = yield* consume(queues.process, undefined, { concurrency: 50 })
        const contents = Array.makeBy(2_000, String)
        const [together, alone] = Array.splitAt(contents, 1_200)
        yield* Effect.all([
          publish(queues.process, ...together),
          ...Array.chunksOf(alone, 10).map((chunk) => publish(queues.process, ...chunk))
        ], { concurrency: "unbounded" })
        yield* consumption.awaitSeen(2_000)
        yield* awaitDepth(queues.process, 0)
        assert.deepStrictEqual(consumption.contents().toSorted(), contents.toSorted())
        assert.isTrue(consumption.seen.every((_) => !_.redelivered))
      })
    ))
})

onEach("the state of queues", (on) => {
  it.scopedLive("tells how many messages wait in each, and how many consumers it has, as asked", () =>
    on((queues) =>
      Effect.gen(function*() {
        const { states } = yield* Broker
        yield* consume(queues.replay)
        yield* consume(queues.replay)
        yield* publish(queues.process, "1", "2", "3")
        yield* publish(queues.rung(hourMs), "4")
        const names = [queues.rung(hourMs), queues.process, queues.replay, queues.deadLetter]
        const seen = yield* eventually(
          states(names),
          ([rung, process, replay]) => rung?.messages === 1 && process?.messages === 3 && replay?.consumers === 2
        )
        assert.deepStrictEqual(seen, [
          { name: queues.rung(hourMs), messages: 1, consumers: 0 },
          { name: queues.process, messages: 3, consumers: 0 },
          { name: queues.replay, messages: 0, consumers: 2 },
          { name: queues.deadLetter, messages: 0, consumers: 0 }
        ])
      })
    ))

  it.scopedLive("fails typed for one that does not exist, and nothing else suffers from it", () =>
    on((queues) =>
      Effect.gen(function*() {
        const { check, states } = yield* Broker
        const gate = yield* Deferred.make<Settlement>()
        const consumption = yield* consume(queues.process, () => Deferred.await(gate))
        yield* publish(queues.process, "in hand")
        yield* consumption.awaitSeen(1)
        const error = yield* Effect.flip(states([queues.process, `${queues.process}.unknown`]))
        assert.strictEqual(error._tag, "BrokerError")
        yield* check
        assert.strictEqual((yield* states([queues.process]))[0]?.consumers, 1)
        yield* Deferred.succeed(gate, ack)
        yield* publish(queues.process, "after")
        yield* consumption.awaitSeen(2)
        assert.deepStrictEqual(consumption.seen, [
          { content: "in hand", redelivered: false },
          { content: "after", redelivered: false }
        ])
      })
    ))
})
