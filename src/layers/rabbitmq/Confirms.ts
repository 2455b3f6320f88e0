import type { Message, Options } from "amqplib"
import { Duration, Effect, Either } from "effect"
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
/** While so many wait for their confirms, nothing more is sent: the channel keeps each in memory, however late it is. */
export const mostUnconfirmed = 1_000

/** Publishes on a confirm channel and tells of each message whether it was confirmed, refused, or given up. */
export const make = (channel: Channel) => {
  let serial = 0
  let waiting = 0
  const room = Effect.unsafeMakeLatch(true)
  const returned = new Set<string>()
  // An unroutable message comes back before its confirm, which is positive all the same.
  channel.on("return", (message) => returned.add(String(message.properties.messageId)))

  const settled = () => {
    waiting -= 1
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

  // Who waits here holds nothing, so that one who is interrupted takes no room along.
  const untilRoom: Effect.Effect<void> = Effect.suspend(() => {
    if (waiting < mostUnconfirmed) return Effect.void
    room.unsafeClose()
    return Effect.zipRight(room.await, untilRoom)
  })

  return (letters: ReadonlyArray<Letter>): Effect.Effect<ReadonlyArray<Outcome>> =>
    Effect.suspend(() => {
      const outcomes = letters.map((): Outcome => unconfirmed)
      let open = letters.length
      const sent = Effect.async<ReadonlyArray<Outcome>>((resume) =>
        letters.forEach((letter, index) =>
          publish(letter, (outcome) => {
            outcomes[index] = outcome
            open -= 1
            if (open === 0) resume(Effect.succeed(outcomes))
          })
        )
      )
      return Effect.zipRight(untilRoom, sent).pipe(
        Effect.timeoutTo({ duration: patience, onSuccess: (all) => all, onTimeout: () => [...outcomes] })
      )
    })
}

const unconfirmed: Outcome = Either.left(new BrokerError({ reason: "Timeout", cause: "not confirmed in time" }))

const outcomeOf = (cause: unknown, unroutable: boolean): Outcome => {
  if (cause !== null && cause !== undefined) return Either.left(new BrokerError({ reason: "Failed", cause }))
  return unroutable
    ? Either.left(new BrokerError({ reason: "Unroutable", cause: "the queue does not exist" }))
    : Either.void
}
