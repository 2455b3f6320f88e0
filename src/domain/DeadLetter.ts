import { type DateTime, Option, Predicate, Schema } from "effect"
import * as QueueMessage from "./QueueMessage.ts"
import type { Queues } from "./Queues.ts"

/**
 * `refused`: its consumer could not read it. `delivery_limit`: it was handed out too often. `rejected`, `expired` and
 * `maxlen` are RabbitMQ's own. `unknown`: nothing tells.
 */
export const DeathCause = Schema.Literal("refused", "delivery_limit", "rejected", "expired", "maxlen", "unknown")
export type DeathCause = typeof DeathCause.Type

export interface Death {
  readonly cause: DeathCause
  /** What its consumer said of it. */
  readonly said: Option.Option<string>
  /** Where it died. */
  readonly queue: Option.Option<string>
  readonly at: Option.Option<DateTime.Utc>
  /** How often it died, this time counted: more than once where it was requeued in vain. */
  readonly times: number
}

/** A message of the dead-letter queue. */
export interface DeadLetter {
  /** As text, of which the broker may keep back what is beyond any message of ours. */
  readonly content: string
  /** The size of the whole. */
  readonly bytes: number
  readonly death: Death
}

/** A message of the dead-letter queue, as operators see it. */
export const DeadMessage = Schema.Struct({
  /** What it asks for, where it is JSON. */
  message: Schema.NullOr(Schema.Unknown),
  /** Its text; cut off where it is longer than any message of the gateway's. */
  content: Schema.String,
  bytes: Schema.Int,
  cause: DeathCause,
  /** The same for a person. */
  reason: Schema.String,
  /** Where it died. */
  queue: Schema.NullOr(Schema.String),
  diedAt: Schema.NullOr(Schema.DateTimeUtc),
  deaths: Schema.Int,
  /** Where requeueing would bring it; null: it would stay. */
  requeuesTo: Schema.NullOr(Schema.String)
})
export type DeadMessage = typeof DeadMessage.Type

export const view = (queues: Queues, letter: DeadLetter): DeadMessage => ({
  message: Option.getOrNull(QueueMessage.json(letter.content)),
  content: letter.content.slice(0, QueueMessage.maxLength),
  bytes: letter.bytes,
  cause: letter.death.cause,
  reason: Option.match(letter.death.said, {
    onNone: () => explanations[letter.death.cause],
    onSome: (said) => said.slice(0, longestReason)
  }),
  queue: Option.getOrNull(letter.death.queue),
  diedAt: Option.getOrNull(letter.death.at),
  deaths: letter.death.times,
  requeuesTo: Option.getOrNull(home(queues, letter))
})

const longestReason = 2_000

/** The queue that a dead letter can go back to: where it died, or else where what it asks for belongs. */
export const home = (queues: Queues, { content, death }: DeadLetter): Option.Option<string> =>
  death.queue.pipe(
    Option.filter((queue) => [queues.process, queues.retry, queues.replay].includes(queue)),
    Option.orElse(() => Option.flatMap(QueueMessage.json(content), (message) => wantedQueue(queues, message)))
  )

const wantedQueue = ({ replay, retry }: Queues, message: unknown): Option.Option<string> => {
  if (Predicate.hasProperty(message, "replayId")) return Option.some(replay)
  return Predicate.hasProperty(message, "deliveryId") || Predicate.hasProperty(message, "markerId")
    ? Option.some(retry)
    : Option.none()
}

const explanations: Readonly<Record<DeathCause, string>> = {
  refused: "Its consumer could not read it.",
  delivery_limit:
    "It was handed out again and again, and no worker finished with it: each one that had it crashed, or " +
    "lost its connection to RabbitMQ.",
  rejected: "A consumer rejected it.",
  expired: "It waited longer than its queue keeps a message.",
  maxlen: "Its queue held as much as it may.",
  unknown: "Nothing tells why: it was put here by a program that is not this gateway."
}
