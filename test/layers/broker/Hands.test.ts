import { assert, it } from "@effect/vitest"
import { Array, Deferred, Effect, Fiber, Option } from "effect"
import * as InHand from "../../../src/layers/InHand.ts"
import * as Hands from "../../../src/layers/rabbitmq/Hands.ts"

/** Hands for so many, and work that is written down and goes on until it is told to end. */
const hands = Effect.fnUntraced(function*(most: number) {
  const handlers = yield* InHand.make
  const begin = Hands.make(handlers, most)
  const begun: Array<number> = []
  const failed: Array<number> = []
  const ends = yield* Effect.replicateEffect(Deferred.make<void>(), 8)
  const work = (number: number): Option.Option<Hands.Work> =>
    Option.some({
      handling: Effect.suspend(() => {
        begun.push(number)
        return Effect.flatten(Effect.orDie(Effect.fromNullable(ends[number]?.pipe(Deferred.await))))
      }),
      failed: () => failed.push(number)
    })
  const end = (number: number) =>
    Effect.flatMap(Effect.fromNullable(ends[number]), (_) => Deferred.succeed(_, undefined)).pipe(
      Effect.zipRight(Effect.yieldNow()),
      Effect.orDie
    )
  return { handlers, begin, begun, failed, work, end }
})

it.scoped("no more messages are in hand than may be, and the others wait in their order", () =>
  Effect.gen(function*() {
    const { begin, begun, end, work } = yield* hands(2)
    for (const number of Array.range(0, 4)) begin(() => work(number))
    assert.deepStrictEqual(begun, [0, 1])
    yield* end(1)
    assert.deepStrictEqual(begun, [0, 1, 2])
    yield* end(0)
    yield* end(2)
    assert.deepStrictEqual(begun, [0, 1, 2, 3, 4])
  }))

it.scoped("a message that is interrupted is told so once, and makes room like any other", () =>
  Effect.gen(function*() {
    const { begin, begun, end, failed, handlers, work } = yield* hands(2)
    for (const number of [0, 1]) begin(() => work(number))
    yield* end(0)
    yield* Fiber.interruptAll(handlers.fibers)
    assert.deepStrictEqual(failed, [1])
    for (const number of [2, 3]) begin(() => work(number))
    assert.deepStrictEqual(begun, [0, 1, 2, 3])
  }))

it.scoped("a message whose handling dies is told so too", () =>
  Effect.gen(function*() {
    const { begin, failed } = yield* hands(1)
    begin(() => Option.some({ handling: Effect.dieMessage("broken"), failed: () => failed.push(0) }))
    yield* Effect.yieldNow()
    assert.deepStrictEqual(failed, [0])
  }))

it.scoped("messages that nobody wants any more are passed over, however many they are", () =>
  Effect.gen(function*() {
    const { begin, begun, end, work } = yield* hands(1)
    let isOpen = true
    begin(() => work(0))
    for (const _ of Array.range(1, 20_000)) begin(() => isOpen ? work(1) : Option.none())
    begin(() => work(2))
    isOpen = false
    yield* end(0)
    assert.deepStrictEqual(begun, [0, 2])
  }))

it.scoped("messages that end at once do not pile up on the stack", () =>
  Effect.gen(function*() {
    const { begin, end, work } = yield* hands(1)
    let done = 0
    const quick = Option.some<Hands.Work>({
      handling: Effect.sync(() => void done++),
      failed: () => assert.fail("nobody interrupts")
    })
    begin(() => work(0))
    for (const _ of Array.range(1, 20_000)) begin(() => quick)
    yield* end(0)
    assert.strictEqual(done, 20_000)
  }))
