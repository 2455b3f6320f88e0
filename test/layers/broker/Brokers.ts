// @effect-diagnostics strictEffectProvide:off
import { Duration, Effect, Either, type Fiber, Layer, Redacted, Schedule, type Scope } from "effect"
import { randomUUID } from "node:crypto"
import { describe, inject } from "vitest"
import * as Queues from "../../../src/domain/Queues.ts"
import * as MemoryBroker from "../../../src/layers/MemoryBroker.ts"
import * as RabbitMqBroker from "../../../src/layers/RabbitMqBroker.ts"
import { Broker, type ConsumeOptions, type Handed, type Settlement } from "../../../src/services/ports/Broker.ts"
import { eventually } from "../../support/Eventually.ts"

export const ack: Settlement = { _tag: "Ack" }
export const requeue: Settlement = { _tag: "Requeue" }

export const shortDelayMs = 200
export const longDelayMs = 2_500
export const hourMs = 3_600_000

/** Queues that no other test has. */
export const freshQueues = (): Queues.Queues => {
  const name = `test.${randomUUID().slice(0, 13)}`
  return Queues.make(
    { process: `${name}.process`, retry: `${name}.retry`, replay: `${name}.replay`, deadLetter: `${name}.dead` },
    [shortDelayMs, longDelayMs, hourMs]
  )
}

export const rabbitMq = (url: string, queues: Queues.Queues): Layer.Layer<Broker> =>
  RabbitMqBroker.layer({ url: Redacted.make(url), queues })

const often = Schedule.spaced("50 millis")

/**
 * Waits until the broker both takes publications and answers, however long a server needs for its start. Nothing is
 * published.
 */
export const recovery = Effect.gen(function*() {
  const { check, publish } = yield* Broker
  const probe = Effect.map(publish([{ queue: "a queue that nobody has", content: "{}" }]), ([outcome]) => outcome)
  yield* Effect.repeat(probe, {
    until: (outcome) => outcome !== undefined && Either.isLeft(outcome) && outcome.left.reason === "Unroutable",
    schedule: often
  })
  yield* Effect.orDie(Effect.retry(check, often))
})

/** The broker, once it has found its server. */
export const connected = (broker: Layer.Layer<Broker>): Layer.Layer<Broker> =>
  Layer.effect(Broker, Effect.zipRight(recovery, Broker)).pipe(Layer.provide(broker))

/** Runs a program on a broker with queues of its own. */
export type On = <A, E>(
  program: (queues: Queues.Queues) => Effect.Effect<A, E, Broker | Scope.Scope>
) => Effect.Effect<A, E>

const on = (broker: (queues: Queues.Queues) => Layer.Layer<Broker>): On => (program) =>
  Effect.suspend(() => {
    const queues = freshQueues()
    // Consumers end before their broker does.
    return Effect.provide(Effect.scoped(program(queues)), connected(broker(queues)))
  })

const rabbitMqUrl = inject("rabbitMqUrl")

export const onMemory: On = on(MemoryBroker.layer)
export const onRabbitMq: On = on((queues) => rabbitMq(rabbitMqUrl ?? "", queues))
export const hasRabbitMq = rabbitMqUrl !== null

/** The same assertions on the twin and on the real broker of this run. */
export const onEach = (name: string, suite: (on: On) => void): void => {
  describe(`${name} in memory`, () => suite(onMemory))
  describe.runIf(hasRabbitMq)(`${name} on RabbitMQ`, () => suite(onRabbitMq))
}

/** Publishes contents to a queue; all are confirmed. */
export const publish = Effect.fnUntraced(function*(queue: string, ...contents: ReadonlyArray<string>) {
  const { publish } = yield* Broker
  const outcomes = yield* publish(contents.map((content) => ({ queue, content })))
  yield* Effect.orDie(Effect.all(outcomes))
})

export interface Consumption {
  /** What was handed out so far, in order. */
  readonly seen: ReadonlyArray<Handed>
  readonly contents: () => ReadonlyArray<string>
  /** Waits until so many messages were handed out. */
  readonly awaitSeen: (count: number) => Effect.Effect<ReadonlyArray<Handed>>
  readonly fiber: Fiber.RuntimeFiber<never>
}

/** Consumes until the scope closes; each message is settled as the handler says, at once with `Ack` unless told. */
export const consume = Effect.fnUntraced(function*(
  queue: string,
  handler: (message: Handed, number: number) => Effect.Effect<Settlement> = () => Effect.succeed(ack),
  { concurrency = 10, drainWithin = Duration.seconds(10) }: Partial<ConsumeOptions> = {}
): Effect.fn.Return<Consumption, never, Broker | Scope.Scope> {
  const broker = yield* Broker
  const seen: Array<Handed> = []
  const fiber = yield* Effect.forkScoped(
    broker.consume({ queue, concurrency, drainWithin }, (message) => handler(message, seen.push(message)))
  )
  return {
    seen,
    contents: () => seen.map((_) => _.content),
    awaitSeen: (count) => eventually(Effect.sync(() => [...seen]), (_) => _.length >= count),
    fiber
  }
})

/** Waits until a queue has so many messages that are not in hand. */
export const awaitDepth = (queue: string, messages: number) =>
  Effect.flatMap(
    Broker,
    ({ states }) =>
      eventually(Effect.either(states([queue])), (_) => Either.isRight(_) && _.right[0]?.messages === messages)
  )
