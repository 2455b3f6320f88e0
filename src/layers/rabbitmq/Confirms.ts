import type { Message, Options } from "amqplib"
import { Deferred, Duration, Effect, Either, FiberId } from "effect"
import * as Deadlines from "../../services/Deadlines.ts"
import { BrokerError, type Publication } from "../../services/ports/Broker.ts"
import type * as Death from "./Death.ts"

export type Outcome = Either.Either<void, BrokerError>

/** A publication with what is kept beside it; one that was a message before keeps its bytes. */
export interface Letter {
  readonly queue: Publication["queue"]
  readonly content: string | Buffer
  readonly headers?: Death.Headers
}

/** What is needed of a confirm channel. A confirm that cannot come any more, as the channel is closed, is an error. */
export interface Channel {
  on(event: "return", listener: (message: Pick<Message, "properties">) => void): unknown
  publish(
    exchange: string,
    queue: string,
    content: Buffer,
    options: Options.Publish,
    confirm: (cause: unknown) => void
  ): unknown
}

const patience = Duration.seconds(5)
/** While so many wait for their confirms, no more are begun: the channel keeps each in memory, however late it is. */
export const mostUnconfirmed = 1_000

export interface Confirms {
  /** Publishes, and tells of each message whether it was confirmed, refused, or given up. */
  readonly send: (letters: ReadonlyArray<Letter>) => Effect.Effect<ReadonlyArray<Outcome>>
  /** Fails once there is no room and none comes: the channel is there, but of no use. */
  readonly stuck: Effect.Effect<never, BrokerError>
}

/** When confirms are given up: for all the channels that come one after the other. */
export const deadlines = Deadlines.make("Giving up confirms", patience)

/** What is published on a confirm channel. */
export const make = (channel: Channel, { watch }: Deadlines.Deadlines): Confirms => {
  let serial = 0
  let waiting = 0
  let heard = 0
  const stuck = Deferred.unsafeMake<never, BrokerError>(FiberId.none)
  const room = Effect.unsafeMakeLatch(true)
  const returned = new Set<string>()
  // An unroutable message comes back before its confirm, which is positive all the same.
  channel.on("return", (message) => returned.add(String(message.properties.messageId)))

  const settled = () => {
    waiting -= 1
    heard += 1
    if (waiting < mostUnconfirmed) room.unsafeOpen()
  }

  const publish = ({ content, headers, queue }: Letter, settle: (outcome: Outcome) => void): void => {
    serial += 1
    const messageId = String(serial)
    const options = {
      persistent: true,
      mandatory: true,
      messageId,
      contentType: "application/json",
      ...(headers === undefined ? {} : { headers })
    }
    const bytes = typeof content === "string" ? Buffer.from(content) : content
    waiting += 1
    try {
      channel.publish("", queue, bytes, options, (cause) => {
        settled()
        settle(outcomeOf(cause, returned.delete(messageId)))
      })
    } catch (cause) {
      settled()
      settle(Either.left(new BrokerError({ reason: "Unavailable", cause })))
    }
  }

  /** Whether room came in time. Who waits here holds nothing, so that one who is interrupted takes no room along. */
  const roomComes = Effect.suspend(() => {
    const before = heard
    room.unsafeClose()
    return Effect.timeoutTo(room.await, {
      duration: patience,
      onSuccess: () => true,
      onTimeout: () => {
        // Where nothing at all is confirmed meanwhile, nothing will be.
        if (heard === before) Deferred.unsafeDone(stuck, noConfirms)
        return false
      }
    })
  })

  // Between the look and the sending nobody else is let in.
  const send: Confirms["send"] = (letters) =>
    Effect.async((resume) => {
      if (waiting >= mostUnconfirmed) {
        return resume(
          Effect.flatMap(roomComes, (comes) => comes ? send(letters) : Effect.succeed(letters.map(() => noRoom)))
        )
      }
      const outcomes = letters.map((): Outcome => unconfirmed)
      const unwatch = watch(() => resume(Effect.succeed([...outcomes])))
      let open = letters.length
      letters.forEach((letter, index) =>
        publish(letter, (outcome) => {
          outcomes[index] = outcome
          open -= 1
          if (open > 0) return
          unwatch()
          // On a channel that is closed nothing was waited for, and who tries again and again lets nobody else run.
          resume(Effect.as(Effect.yieldNow(), outcomes))
        })
      )
      return Effect.sync(unwatch)
    })

  return { send, stuck: Deferred.await(stuck) }
}

const noConfirms = new BrokerError({ reason: "Unavailable", cause: "RabbitMQ confirms nothing" })

const noRoom: Outcome = Either.left(
  new BrokerError({ reason: "Timeout", cause: "too many messages wait to be confirmed" })
)

const unconfirmed: Outcome = Either.left(new BrokerError({ reason: "Timeout", cause: "not confirmed in time" }))

const outcomeOf = (cause: unknown, unroutable: boolean): Outcome => {
  if (cause !== null && cause !== undefined) return Either.left(new BrokerError({ reason: "Failed", cause }))
  return unroutable
    ? Either.left(new BrokerError({ reason: "Unroutable", cause: "the queue does not exist" }))
    : Either.void
}
