import type { Channel, ChannelModel, Message } from "amqplib"
import { Array, Chunk, Clock, Duration, Effect, Either, Option, Queue } from "effect"
import type { DeadLetter } from "../../domain/DeadLetter.ts"
import * as QueueMessage from "../../domain/QueueMessage.ts"
import type { Queues } from "../../domain/Queues.ts"
import type { BrokerError, DeadLetters, Look, Requeued } from "../../services/ports/Broker.ts"
import type { Letter } from "./Confirms.ts"
import * as Death from "./Death.ts"
import type { Publish } from "./Publisher.ts"
import * as Session from "./Session.ts"

export interface Dependencies {
  readonly publish: Publish
  readonly queues: Queues
  /** Runs a question about a queue to the broker: on a connection that stands, within a time, and once the queue exists. */
  readonly ask: <A>(
    queue: string,
    question: (connection: ChannelModel) => Effect.Effect<A, BrokerError>
  ) => Effect.Effect<A, BrokerError>
}

// From version 4 on RabbitMQ drops what a queue without a limit of its own has had back 20 times.
const returnsAtMost = 10
const perBatch = 100
/** What has not come after so long is not there. */
const arrival = Duration.seconds(1)
/** After so long no other batch is begun. */
const enough = Duration.seconds(3)

/** The dead-letter queue on RabbitMQ, each time over a channel of its own: whatever ends it gives back what it has in hand. */
export const make = ({ ask, publish, queues: { deadLetter: queue } }: Dependencies): DeadLetters => {
  const onChannel = <A>(use: (channel: Channel) => Effect.Effect<A, BrokerError>) =>
    ask(
      queue,
      (connection) => Effect.scoped(Effect.flatMap(Session.acquireChannel(() => connection.createChannel()), use))
    )

  const get = (channel: Channel): Effect.Effect<Option.Option<Message>, BrokerError> =>
    Effect.map(
      Session.attempt("Failed", () => channel.get(queue)),
      (message) => message === false ? Option.none() : Option.some(message)
    )

  /** Takes so many messages into hand, or as many as there are; much faster than one by one. */
  const take = Effect.fnUntraced(function*(channel: Channel, size: number) {
    const inbox = yield* Queue.unbounded<Message>()
    yield* Session.attempt("Failed", () => channel.prefetch(size))
    const { consumerTag } = yield* Session.attempt("Failed", () =>
      channel.consume(queue, (message) => {
        if (message !== null) inbox.unsafeOffer(message)
      }))
    const taken: Array<Message> = []
    while (taken.length < size) {
      const more = yield* Effect.timeoutOption(Queue.takeBetween(inbox, 1, size), arrival)
      if (Option.isNone(more)) break
      taken.push(...more.value)
    }
    yield* Session.attempt("Failed", () => channel.cancel(consumerTag))
    return [...taken, ...Chunk.toReadonlyArray(yield* Queue.takeAll(inbox))]
  })

  /**
   * Moves all that is in hand, up to the first that is not confirmed where it is to go; how many that were. They are
   * acknowledged at once: of many acknowledgements RabbitMQ forgets some when the channel closes behind them.
   */
  const move = Effect.fnUntraced(function*(channel: Channel, messages: ReadonlyArray<Message>, letterFor: LetterFor) {
    const outcomes = yield* publish(messages.map(letterFor))
    const failure = outcomes.find(Either.isLeft)
    const moved = failure === undefined ? messages.length : outcomes.indexOf(failure)
    const last = messages[moved - 1]
    if (last !== undefined) yield* said(() => channel.ack(last, true))
    return { moved, failure }
  })

  /** The same behind the others, as a message that never came back. */
  const renewed: LetterFor = ({ content, properties }) => ({
    queue,
    content,
    headers: Death.headers(Death.read(properties.headers))
  })

  const inspect = ({ bytes, limit }: Look) =>
    onChannel(Effect.fnUntraced(function*(channel) {
      const messages: Array<Message> = []
      for (let seen = 0; messages.length < limit && seen < bytes;) {
        const message = yield* get(channel)
        if (Option.isNone(message)) break
        messages.push(message.value)
        seen += message.value.content.byteLength
      }
      const worn = messages.some(({ properties }) => Death.returns(properties.headers) >= returnsAtMost)
      if (worn) yield* move(channel, messages, renewed)
      yield* giveBack(channel)
      return messages.map(letterOf)
    }))

  const requeue = (limit: number, target: (letter: DeadLetter) => Option.Option<string>) =>
    onChannel(Effect.fnUntraced(function*(channel): Effect.fn.Return<Requeued, BrokerError> {
      const { messageCount } = yield* Session.attempt("Failed", () => channel.checkQueue(queue))
      const until = (yield* Clock.currentTimeMillis) + Duration.toMillis(enough)
      let requeued = 0
      for (let seen = 0; requeued < limit && seen < messageCount;) {
        const size = Math.min(perBatch, limit - requeued, messageCount - seen)
        const messages = yield* take(channel, size)
        const targets = messages.map((message) => target(letterOf(message)))
        seen += messages.length
        const { failure, moved } = yield* move(channel, messages, (message, index) => {
          const to = Option.flatten(Array.get(targets, index))
          return Option.match(to, { onNone: () => renewed(message, index), onSome: (queue) => backTo(queue, message) })
        })
        requeued += Array.getSomes(targets.slice(0, moved)).length
        if (failure !== undefined && requeued === 0) return yield* failure.left
        const late = (yield* Clock.currentTimeMillis) >= until
        if (messages.length < size || failure !== undefined || late) break
      }
      yield* giveBack(channel)
      return { requeued, left: Math.max(0, messageCount - requeued) }
    }))

  return {
    inspect,
    requeue,
    purge: onChannel((channel) =>
      Effect.map(Session.attempt("Failed", () => channel.purgeQueue(queue)), ({ messageCount }) => messageCount)
    )
  }
}

type LetterFor = (message: Message, index: number) => Letter

const backTo = (queue: string, { content, properties }: Message): Letter => ({
  queue,
  content,
  headers: Death.memory(Death.read(properties.headers))
})

const letterOf = ({ content, properties }: Message): DeadLetter => ({
  // One character more than any message has shows that it is none.
  content: content.toString("utf8", 0, mostBytes).slice(0, QueueMessage.maxLength + 1),
  bytes: content.byteLength,
  death: Death.read(properties.headers)
})

const bytesPerCharacter = 4
const mostBytes = (QueueMessage.maxLength + 1) * bytesPerCharacter

// On a channel that is gone they throw, and the broker has everything back by itself.
const said = (say: () => void) => Effect.ignore(Effect.try(say))

const giveBack = (channel: Channel) => said(() => channel.nackAll(true))
