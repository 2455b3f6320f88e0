import { Context, Data, type Duration, type Effect, type Either, type Option } from "effect"
import type { DeadLetter } from "../../domain/DeadLetter.ts"

export class BrokerError extends Data.TaggedError("BrokerError")<{
  readonly reason: "Unavailable" | "Timeout" | "Refused" | "Unroutable" | "Failed"
  readonly cause?: unknown
}> {}

export interface Publication {
  readonly queue: string
  /** JSON text. Bodies and secrets never travel through the broker. */
  readonly content: string
}

/** A message that was handed out. It comes again until it is settled. */
export interface Handed {
  readonly content: string
  readonly redelivered: boolean
}

/** What is to become of a message that was handed out. */
export type Settlement =
  | { readonly _tag: "Ack" }
  /** Hand it out again at once. */
  | { readonly _tag: "Requeue" }
  /** Confirm another message in its stead, then acknowledge it; requeued where that cannot be confirmed. */
  | { readonly _tag: "Forward"; readonly publication: Publication }
  /** Keep it in the dead-letter queue together with the reason. */
  | { readonly _tag: "DeadLetter"; readonly reason: string }

export interface QueueState {
  readonly name: string
  readonly messages: number
  readonly consumers: number
}

export interface ConsumeOptions {
  readonly queue: string
  /** Messages in hand at a time: a hard limit. */
  readonly concurrency: number
  readonly drainWithin: Duration.Duration
}

/** How much of the dead-letter queue is looked at. The message that goes beyond the bytes is the last. */
export interface Look {
  readonly limit: number
  readonly bytes: number
}

/** `left`: how many of those that were there at the start stay. */
export interface Requeued {
  readonly requeued: number
  readonly left: number
}

/** The dead-letter queue in an operator's hands. Whoever has a message in hand keeps it from the others meanwhile. */
export interface DeadLetters {
  /** Its first messages. They stay, though another look may see them in another order. */
  readonly inspect: (look: Look) => Effect.Effect<ReadonlyArray<DeadLetter>, BrokerError>
  /**
   * Moves messages to the queue that is said for each; those without one stay. Each is confirmed there before it leaves, and
   * none is looked at that was not there at the start. It stops early where the broker takes no more, or takes too long.
   */
  readonly requeue: (
    limit: number,
    target: (letter: DeadLetter) => Option.Option<string>
  ) => Effect.Effect<Requeued, BrokerError>
  /** Removes all; how many that were. */
  readonly purge: Effect.Effect<number, BrokerError>
}

/** Durable queues: persistent messages, publisher confirms, hand-out until acknowledged. */
export class Broker extends Context.Tag("sluice/services/ports/Broker")<Broker, {
  /** Publishes all; one outcome for each, in order. Confirmed means that the broker has taken responsibility. */
  readonly publish: (
    publications: ReadonlyArray<Publication>
  ) => Effect.Effect<ReadonlyArray<Either.Either<void, BrokerError>>>
  /**
   * Consumes until interrupted and comes back after every loss of the broker. Interrupted, it takes no further message
   * and waits for the handlers in flight; those that outlast the deadline are interrupted and their messages given back.
   */
  readonly consume: (
    options: ConsumeOptions,
    handler: (message: Handed) => Effect.Effect<Settlement>
  ) => Effect.Effect<never>
  readonly states: (queues: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<QueueState>, BrokerError>
  readonly deadLetters: DeadLetters
  readonly check: Effect.Effect<void, BrokerError>
}>() {}
