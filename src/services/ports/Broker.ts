import { Context, Data, type Duration, type Effect, type Either } from "effect"

export class BrokerError extends Data.TaggedError("BrokerError")<{
  readonly reason: "Unavailable" | "Timeout" | "Refused" | "Unroutable" | "Failed"
  readonly cause?: unknown
}> {}

export interface Publication {
  readonly queue: string
  /** JSON text. Bodies and secrets never travel through the broker. */
  readonly content: string
  /** Why it goes to the dead-letter queue, kept beside it. */
  readonly reason?: string
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
  readonly check: Effect.Effect<void, BrokerError>
}>() {}
