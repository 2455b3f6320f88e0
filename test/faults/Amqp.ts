import { type ChannelModel, type ConfirmChannel, connect } from "amqplib"
import { Data, Duration, Effect, type Scope } from "effect"
import * as Environment from "./Environment.ts"

/** Something cannot be done on RabbitMQ now. */
export class AmqpError extends Data.TaggedError("AmqpError")<{ readonly cause: unknown }> {
  override get message(): string {
    return `RabbitMQ: ${this.cause}`
  }
}

const patience = Duration.seconds(5)

const attempt = <A>(act: () => Promise<A>): Effect.Effect<A, AmqpError> =>
  Effect.tryPromise({ try: act, catch: (cause) => new AmqpError({ cause }) }).pipe(
    Effect.timeoutFail({ duration: patience, onTimeout: () => new AmqpError({ cause: "no answer" }) })
  )

/** A channel of the harness's own, past every line. */
export const channel = (url: string): Effect.Effect<ConfirmChannel, AmqpError, Scope.Scope> =>
  Effect.flatMap(
    Effect.acquireRelease(
      Effect.map(
        attempt(() => connect(url, { timeout: Duration.toMillis(patience) })),
        (connection) => connection.on("error", () => undefined)
      ),
      (connection: ChannelModel) => Effect.ignore(Effect.interruptible(attempt(() => connection.close())))
    ),
    (connection) =>
      Effect.map(
        attempt(() => connection.createConfirmChannel()),
        (channel) => channel.on("error", () => undefined)
      )
  )

const names = [
  Environment.queues.process,
  Environment.queues.retry,
  ...Environment.rungs.map((delay) => `${Environment.queues.retry}.${delay}`)
]

/** The names of the queues that are meant by a target. */
export const queuesOf = (target: string): ReadonlyArray<string> => names.filter((name) => name.includes(`.${target}`))

export const purge = (url: string, queue: string): Effect.Effect<void, AmqpError> =>
  Effect.scoped(Effect.flatMap(channel(url), (channel) => Effect.asVoid(attempt(() => channel.purgeQueue(queue)))))

export const remove = (url: string, queue: string): Effect.Effect<void, AmqpError> =>
  Effect.scoped(Effect.flatMap(channel(url), (channel) => Effect.asVoid(attempt(() => channel.deleteQueue(queue)))))

/** Publishes texts into the process queue. */
export const publish = (url: string, contents: ReadonlyArray<string>): Effect.Effect<void, AmqpError> =>
  Effect.scoped(Effect.flatMap(channel(url), (channel) =>
    attempt(() => {
      for (const content of contents) {
        channel.publish("", Environment.queues.process, Buffer.from(content), { persistent: true })
      }
      return channel.waitForConfirms()
    })))
