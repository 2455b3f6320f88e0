import { expect, it } from "@effect/vitest"
import { Array, Effect, Either, Fiber, TestClock } from "effect"
import * as Confirms from "../../../src/layers/rabbitmq/Confirms.ts"

const batch = 500
const letters = Array.makeBy(batch, (): Confirms.Letter => ({ queue: "process", content: "{}" }))

/** A channel that keeps whatever it is given until it is told to settle it, as amqplib does. */
const makeSilent = () => {
  const kept: Array<(cause: unknown) => void> = []
  const channel: Confirms.Channel = {
    on: () => channel,
    publish: (_exchange, _queue, _content, _options, confirm) => kept.push(confirm)
  }
  return { channel, kept, settle: (cause: unknown) => kept.splice(0).forEach((confirm) => confirm(cause)) }
}

const reasons = (outcomes: ReadonlyArray<Confirms.Outcome>) =>
  Array.dedupe(outcomes.map((_) => Either.isRight(_) ? "confirmed" : _.left.reason))

it.scoped("a broker that confirms nothing is sent no more than is bounded, however often its messages are given up", () =>
  Effect.gen(function*() {
    const { channel, kept, settle } = makeSilent()
    const { send: publish, stuck } = Confirms.make(channel, yield* Confirms.deadlines)
    let told: ReadonlyArray<Confirms.Outcome> = []
    for (let round = 0; round < 5; round++) {
      const calls = yield* Effect.fork(Effect.all([publish(letters), publish(letters)], { concurrency: "unbounded" }))
      yield* TestClock.adjust("5 seconds")
      const [first, second] = yield* Fiber.join(calls)
      expect(reasons([...first, ...second])).toEqual(["Timeout"])
      if (round === 0) told = first
    }
    expect(kept.length).toBe(Confirms.mostUnconfirmed)
    expect((yield* Effect.flip(stuck)).cause).toBe("RabbitMQ confirms nothing")

    const waiting = yield* Effect.fork(publish(letters))
    yield* TestClock.adjust("1 second")
    settle(null)
    yield* TestClock.adjust("1 milli")
    settle(null)
    expect(reasons(yield* Fiber.join(waiting))).toEqual(["confirmed"])
    expect(reasons(told)).toEqual(["Timeout"])
  }))

it.scoped("who waits for room on a channel that is closed learns of it at once", () =>
  Effect.gen(function*() {
    const { channel, settle } = makeSilent()
    const { send: publish } = Confirms.make(channel, yield* Confirms.deadlines)
    const calls = yield* Effect.fork(
      Effect.all([publish(letters), publish(letters), publish(letters)], { concurrency: "unbounded" })
    )
    yield* TestClock.adjust("1 second")
    channel.publish = () => {
      throw new Error("closed")
    }
    settle(new Error("closed"))
    expect((yield* Fiber.join(calls)).map(reasons)).toEqual([["Failed"], ["Failed"], ["Unavailable"]])
  }))
