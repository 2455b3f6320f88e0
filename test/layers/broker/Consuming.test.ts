import { assert, it } from "@effect/vitest"
import { Array, Deferred, Duration, Effect, Fiber, FiberId, Ref } from "effect"
import type { Settlement } from "../../../src/services/ports/Broker.ts"
import { eventually } from "../../support/Eventually.ts"
import { ack, awaitDepth, consume, onEach, publish, requeue } from "./Brokers.ts"

onEach("a consumer", (on) => {
  it.scopedLive("has never more in hand than its concurrency, and always as much while there is more", () =>
    on((queues) =>
      Effect.gen(function*() {
        const inHand = { now: 0, most: 0 }
        const gates = Array.makeBy(30, () => Deferred.unsafeMake<Settlement>(FiberId.none))
        const consumption = yield* consume(queues.process, (_, number) =>
          Effect.acquireUseRelease(
            Effect.sync(() => {
              inHand.now += 1
              inHand.most = Math.max(inHand.most, inHand.now)
            }),
            () => Effect.flatMap(Effect.fromNullable(gates[number - 1]), Deferred.await).pipe(Effect.orDie),
            () =>
              Effect.sync(() => {
                inHand.now -= 1
              })
          ), { concurrency: 3 })
        yield* publish(queues.process, ...Array.makeBy(20, String))
        for (const gate of gates.slice(0, 20)) {
          yield* eventually(Effect.sync(() => inHand.now), (_) => _ === Math.min(3, 20 - gates.indexOf(gate)))
          yield* Deferred.succeed(gate, ack)
        }
        yield* awaitDepth(queues.process, 0)
        assert.strictEqual(inHand.most, 3)
        assert.strictEqual(consumption.seen.length, 20)
      })
    ))

  it.scopedLive("that is interrupted waits for what is in hand, and takes no more", () =>
    on((queues) =>
      Effect.gen(function*() {
        const diary = yield* Ref.make<ReadonlyArray<string>>([])
        const note = (line: string) => Ref.update(diary, (lines) => [...lines, line])
        const gate = yield* Deferred.make<void>()
        const first = yield* consume(
          queues.process,
          ({ content }) => Deferred.await(gate).pipe(Effect.zipRight(note(`handled ${content}`)), Effect.as(ack)),
          { concurrency: 2 }
        )
        yield* publish(queues.process, "1", "2", "3", "4", "5")
        yield* first.awaitSeen(2)
        const stopped = yield* Effect.fork(Effect.zipRight(Fiber.interrupt(first.fiber), note("stopped")))
        // While it drains, what it does not have is the others'.
        const second = yield* consume(queues.process)
        yield* second.awaitSeen(3)
        yield* Deferred.succeed(gate, undefined)
        yield* stopped
        assert.deepStrictEqual((yield* Ref.get(diary)).toSorted(), ["handled 1", "handled 2", "stopped"])
        assert.strictEqual((yield* Ref.get(diary)).at(-1), "stopped")
        assert.deepStrictEqual(first.contents(), ["1", "2"])
        yield* publish(queues.process, "6")
        yield* second.awaitSeen(4)
        assert.deepStrictEqual(second.contents(), ["3", "4", "5", "6"])
      })
    ))

  it.scopedLive("interrupts the handlers that outlast its deadline, and their messages come again", () =>
    on((queues) =>
      Effect.gen(function*() {
        const interrupted = yield* Ref.make(0)
        const first = yield* consume(
          queues.process,
          () => Effect.onInterrupt(Effect.never, () => Ref.update(interrupted, (count) => count + 1)),
          { concurrency: 2, drainWithin: Duration.millis(100) }
        )
        yield* publish(queues.process, "1", "2")
        yield* first.awaitSeen(2)
        yield* Fiber.interrupt(first.fiber)
        assert.strictEqual(yield* Ref.get(interrupted), 2)
        const second = yield* consume(queues.process)
        const again = yield* second.awaitSeen(2)
        assert.deepStrictEqual(again.map((_) => _.content).toSorted(), ["1", "2"])
        assert.isTrue(again.every((_) => _.redelivered))
      })
    ))

  it.scopedLive("honours what its handlers say while it drains", () =>
    on((queues) =>
      Effect.gen(function*() {
        const gate = yield* Deferred.make<void>()
        const settlements: Readonly<Record<string, Settlement>> = {
          "to requeue": requeue,
          "to forward": { _tag: "Forward", publication: { queue: queues.replay, content: "forwarded" } },
          "to bury": { _tag: "DeadLetter", reason: "as told" }
        }
        const first = yield* consume(
          queues.process,
          ({ content }) => Effect.as(Deferred.await(gate), settlements[content] ?? ack)
        )
        yield* publish(queues.process, "to requeue", "to forward", "to bury", "to acknowledge")
        yield* first.awaitSeen(4)
        yield* Fiber.interruptAsFork(first.fiber, FiberId.none)
        yield* Deferred.succeed(gate, undefined)
        yield* Fiber.await(first.fiber)
        yield* awaitDepth(queues.process, 1)
        yield* awaitDepth(queues.replay, 1)
        yield* awaitDepth(queues.deadLetter, 1)
        const second = yield* consume(queues.process)
        assert.deepStrictEqual(yield* second.awaitSeen(1), [{ content: "to requeue", redelivered: true }])
      })
    ))

  it.scopedLive("loses nothing when it is interrupted just as messages come", () =>
    on((queues) =>
      Effect.gen(function*() {
        const contents = Array.makeBy(40, String)
        const handled = new Set<string>()
        for (const [index, content] of contents.entries()) {
          const consumption = yield* consume(
            queues.process,
            ({ content }) =>
              Effect.sync(() => {
                handled.add(content)
                return ack
              }),
            { drainWithin: Duration.zero }
          )
          yield* publish(queues.process, content)
          for (let yields = index % 5; yields > 0; yields -= 1) yield* Effect.yieldNow()
          yield* Fiber.interrupt(consumption.fiber)
        }
        const last = yield* consume(queues.process, ({ content }) =>
          Effect.sync(() => {
            handled.add(content)
            return ack
          }))
        yield* eventually(Effect.sync(() => handled.size), (_) => _ === contents.length)
        yield* Fiber.interrupt(last.fiber)
      })
    ))
})
