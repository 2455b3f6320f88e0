import { assert, it } from "@effect/vitest"
import { Array, Clock, DateTime, Effect, Fiber, Option } from "effect"
import type { DeadLetter } from "../../../src/domain/DeadLetter.ts"
import type { Queues } from "../../../src/domain/Queues.ts"
import { Broker, type Settlement } from "../../../src/services/ports/Broker.ts"
import { eventually } from "../../support/Eventually.ts"
import { awaitDepth, consume, onEach, publish, requeue } from "./Brokers.ts"

const deadLetter = (reason: string): Settlement => ({ _tag: "DeadLetter", reason })
const everything = { limit: 200, bytes: 1_048_576 }
const contents = (letters: ReadonlyArray<DeadLetter>) => letters.map((_) => _.content)

const deadLetters = Effect.map(Broker, (_) => _.deadLetters)

/** Has contents die in a queue, one after another, for a reason. */
const bury = Effect.fnUntraced(function*(queues: Queues, queue: string, ...contents: ReadonlyArray<string>) {
  const there = yield* Effect.flatMap(Broker, (_) => _.states([queues.deadLetter]))
  const consumption = yield* consume(queue, ({ content }) => Effect.succeed(deadLetter(`no ${content}`)), {
    concurrency: 1
  })
  yield* publish(queue, ...contents)
  yield* awaitDepth(queues.deadLetter, (there[0]?.messages ?? 0) + contents.length)
  yield* Fiber.interrupt(consumption.fiber)
})

onEach("a dead letter", (on) => {
  it.scopedLive("tells what it is, why, where and when it died, and stays", () =>
    on((queues) =>
      Effect.gen(function*() {
        const { inspect } = yield* deadLetters
        const startedAt = yield* Clock.currentTimeMillis
        yield* bury(queues, queues.process, "{\"v\":9}")
        yield* bury(queues, queues.replay, "ünread")
        for (let look = 0; look < 3; look += 1) {
          const letters = yield* eventually(inspect(everything), (_) => _.length === 2)
          const [first, second] = letters.toSorted((one, other) => other.content < one.content ? -1 : 1)
          assert.strictEqual(second?.content, "{\"v\":9}")
          assert.deepInclude(first, { content: "ünread", bytes: 7 })
          assert.deepInclude(first?.death, {
            cause: "refused",
            said: Option.some("no ünread"),
            queue: Option.some(queues.replay),
            times: 1
          })
          assert.deepStrictEqual(second?.death.queue, Option.some(queues.process))
          const at = Option.getOrThrow(Option.flatMap(Option.fromNullable(first), (_) => _.death.at))
          assert.isAtLeast(DateTime.toEpochMillis(at), startedAt)
          assert.isAtMost(DateTime.toEpochMillis(at), yield* Clock.currentTimeMillis)
        }
        yield* awaitDepth(queues.deadLetter, 2)
      })
    ))

  it.scopedLive("that was handed out too often says so, and where", () =>
    on((queues) =>
      Effect.gen(function*() {
        const { inspect } = yield* deadLetters
        yield* publish(queues.retry, "poison")
        yield* consume(queues.retry, () => Effect.succeed(requeue))
        yield* awaitDepth(queues.deadLetter, 1)
        const [letter] = yield* inspect(everything)
        assert.strictEqual(letter?.content, "poison")
        assert.deepInclude(letter?.death, {
          cause: "delivery_limit",
          said: Option.none(),
          queue: Option.some(queues.retry),
          times: 1
        })
        assert.isTrue(Option.isSome(letter?.death.at ?? Option.none()))
      })
    ))

  it.scopedLive("of somebody else's is shown too, as one that nothing is known of", () =>
    on((queues) =>
      Effect.gen(function*() {
        const { inspect } = yield* deadLetters
        yield* publish(queues.deadLetter, "foreign")
        const [letter] = yield* eventually(inspect(everything), (_) => _.length === 1)
        assert.deepStrictEqual(letter, {
          content: "foreign",
          bytes: 7,
          death: { cause: "unknown", said: Option.none(), queue: Option.none(), at: Option.none(), times: 0 }
        })
      })
    ))
})

onEach("a look at the dead-letter queue", (on) => {
  it.scopedLive("goes no further than its limit and its bytes, and sees a message that is larger", () =>
    on((queues) =>
      Effect.gen(function*() {
        const { inspect } = yield* deadLetters
        yield* publish(queues.deadLetter, ...Array.makeBy(5, (index) => `${index}`.repeat(100)))
        yield* awaitDepth(queues.deadLetter, 5)
        const lengths = (limit: number, bytes: number) =>
          Effect.zipLeft(Effect.map(inspect({ limit, bytes }), (_) => _.length), awaitDepth(queues.deadLetter, 5))
        assert.strictEqual(yield* lengths(3, 1_000), 3)
        assert.strictEqual(yield* lengths(200, 250), 3)
        assert.strictEqual(yield* lengths(200, 1), 1)
        assert.strictEqual(yield* lengths(200, 10_000), 5)
      })
    ))

  it.scopedLive("at none finds none", () =>
    on(() =>
      Effect.gen(function*() {
        const { inspect, purge, requeue } = yield* deadLetters
        assert.deepStrictEqual(yield* inspect(everything), [])
        assert.deepStrictEqual(yield* requeue(10, () => Option.none()), { requeued: 0, left: 0 })
        assert.strictEqual(yield* purge, 0)
      })
    ))

  it.scopedLive("gives back what it has in hand when it is interrupted", () =>
    on((queues) =>
      Effect.gen(function*() {
        const { inspect } = yield* deadLetters
        yield* publish(queues.deadLetter, ...Array.makeBy(150, String))
        yield* awaitDepth(queues.deadLetter, 150)
        for (let yields = 0; yields < 40; yields += 8) {
          const look = yield* Effect.fork(inspect(everything))
          yield* Effect.sleep(yields)
          yield* Fiber.interrupt(look)
        }
        yield* awaitDepth(queues.deadLetter, 150)
        const letters = yield* eventually(inspect(everything), (_) => _.length === 150)
        assert.sameMembers([...contents(letters)], Array.makeBy(150, String))
      })
    ))
})

onEach("requeueing dead letters", (on) => {
  it.scopedLive("brings each to its queue as it was, and leaves those without one", () =>
    on((queues) =>
      Effect.gen(function*() {
        const dead = yield* deadLetters
        yield* bury(queues, queues.process, "one", "two", "strange")
        yield* bury(queues, queues.replay, "three")
        const result = yield* dead.requeue(
          100,
          ({ content, death }) => content === "strange" ? Option.none() : death.queue
        )
        assert.deepStrictEqual(result, { requeued: 3, left: 1 })
        yield* awaitDepth(queues.deadLetter, 1)
        assert.deepStrictEqual(contents(yield* dead.inspect(everything)), ["strange"])
        const process = yield* consume(queues.process)
        const replay = yield* consume(queues.replay)
        yield* process.awaitSeen(2)
        yield* replay.awaitSeen(1)
        assert.sameMembers([...process.contents()], ["one", "two"])
        assert.deepStrictEqual(replay.contents(), ["three"])
      })
    ))

  it.scopedLive("stops at its limit, and goes beyond those that stay", () =>
    on((queues) =>
      Effect.gen(function*() {
        const dead = yield* deadLetters
        yield* bury(queues, queues.process, ...Array.makeBy(5, String))
        const target = ({ content }: DeadLetter) => content < "3" ? Option.none() : Option.some(queues.retry)
        assert.deepStrictEqual(yield* dead.requeue(1, target), { requeued: 1, left: 4 })
        yield* awaitDepth(queues.deadLetter, 4)
        assert.deepStrictEqual(yield* dead.requeue(100, target), { requeued: 1, left: 3 })
        yield* awaitDepth(queues.deadLetter, 3)
        yield* awaitDepth(queues.retry, 2)
      })
    ))

  it.scopedLive("does not go round with those that die again, and counts how often they died", () =>
    on((queues) =>
      Effect.gen(function*() {
        const dead = yield* deadLetters
        yield* bury(queues, queues.process, ...Array.makeBy(30, String))
        const again = yield* consume(queues.process, () => Effect.succeed(deadLetter("still bad")))
        const result = yield* dead.requeue(1_000, (_) => _.death.queue)
        assert.deepStrictEqual(result, { requeued: 30, left: 0 })
        yield* awaitDepth(queues.deadLetter, 30)
        assert.strictEqual(again.seen.length, 30)
        const letters = yield* eventually(dead.inspect(everything), (_) => _.length === 30)
        assert.isTrue(letters.every(({ death }) => death.times === 2 && Option.contains(death.said, "still bad")))
      })
    ))

  it.scopedLive("loses nothing where a queue is missing", () =>
    on((queues) =>
      Effect.gen(function*() {
        const dead = yield* deadLetters
        yield* bury(queues, queues.process, "one", "two")
        const error = yield* Effect.flip(dead.requeue(10, () => Option.some(`${queues.process}.unknown`)))
        assert.strictEqual(error.reason, "Unroutable")
        yield* awaitDepth(queues.deadLetter, 2)
        assert.sameMembers([...contents(yield* dead.inspect(everything))], ["one", "two"])
      })
    ))
})

onEach("purging the dead-letter queue", (on) => {
  it.scopedLive("removes all of it and nothing else, and says how many", () =>
    on((queues) =>
      Effect.gen(function*() {
        const dead = yield* deadLetters
        yield* bury(queues, queues.process, "1", "2", "3")
        yield* publish(queues.replay, "kept")
        assert.strictEqual(yield* dead.purge, 3)
        yield* awaitDepth(queues.deadLetter, 0)
        yield* awaitDepth(queues.replay, 1)
        assert.deepStrictEqual(yield* dead.inspect(everything), [])
      })
    ))
})
