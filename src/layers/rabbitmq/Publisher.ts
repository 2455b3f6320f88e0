import type { ChannelModel, ConfirmChannel } from "amqplib"
import { Duration, Effect, Either, type Redacted, type Scope } from "effect"
import type { Queues } from "../../domain/Queues.ts"
import { BrokerError, type Publication } from "../../services/ports/Broker.ts"
import type * as Death from "./Death.ts"
import * as Session from "./Session.ts"
import * as Topology from "./Topology.ts"

export type Outcome = Either.Either<void, BrokerError>

/** A publication with what is kept beside it; one that was a message before keeps its bytes. */
export interface Letter {
  readonly queue: Publication["queue"]
  readonly content: string | Buffer
  readonly headers?: Death.Headers
}

export type Publish = (letters: ReadonlyArray<Letter>) => Effect.Effect<ReadonlyArray<Outcome>>

const patience = Duration.seconds(1)
const confirmTimeout = Duration.seconds(5)
// Unconfirmed messages at most; callers wait for their share.
const maxUnconfirmed = 1_000
const perCall = 500

/** Publishing with confirms, on a connection of its own: RabbitMQ throttles whole connections that publish. */
export const make = Effect.fnUntraced(function*(options: {
  readonly url: Redacted.Redacted
  readonly queues: Queues
}): Effect.fn.Return<Publish, never, Scope.Scope> {
  const gate = { blocked: false }
  const session = yield* Session.make(
    { url: options.url, name: "sluice publisher" },
    (connection) =>
      Effect.gen(function*() {
        yield* Topology.declare(connection, options.queues)
        yield* watch(connection, gate)
        const channel = yield* Session.acquireChannel(() => connection.createConfirmChannel())
        const declare = Topology.declare(connection, options.queues)
        return { value: { send: makeLine(channel), declare }, lost: yield* Session.lost(channel) }
      })
  )
  const unconfirmed = yield* Effect.makeSemaphore(maxUnconfirmed)

  const publishSome = (publications: ReadonlyArray<Letter>) =>
    Effect.gen(function*() {
      if (gate.blocked) {
        return yield* new BrokerError({
          reason: "Refused",
          cause: "RabbitMQ blocks publishers: it is short of memory or disk"
        })
      }
      const { declare, send } = yield* session.current(patience)
      const outcomes = yield* send(publications)
      // A queue that somebody deleted is there again for the next attempt.
      if (outcomes.some(isUnroutable)) yield* Effect.ignore(Effect.timeout(declare, confirmTimeout))
      return outcomes
    }).pipe(
      Effect.catchAll((error) => Effect.succeed(publications.map((): Outcome => Either.left(error)))),
      unconfirmed.withPermits(publications.length)
    )

  // Interruptible wherever it is called from: in a region that is not, a time limit would wait for what it limits.
  return (publications) =>
    Effect.interruptible(
      Effect.map(Effect.forEach(chunked(publications), publishSome), (outcomes) => outcomes.flat())
    )
})

const isUnroutable = (outcome: Outcome): boolean => Either.isLeft(outcome) && outcome.left.reason === "Unroutable"

const chunked = <A>(all: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from(
    { length: Math.ceil(all.length / perCall) },
    (_, index) => all.slice(index * perCall, (index + 1) * perCall)
  )

// What is sent to a blocked connection is not read, so nothing more is sent.
const watch = (connection: ChannelModel, gate: { blocked: boolean }) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      connection.on("blocked", () => {
        gate.blocked = true
      })
      connection.on("unblocked", () => {
        gate.blocked = false
      })
    }),
    () =>
      Effect.sync(() => {
        gate.blocked = false
      })
  )

/** Publishes on a confirm channel and waits until each message is confirmed, refused, or given up. */
const makeLine = (channel: ConfirmChannel) => {
  let serial = 0
  const returned = new Set<string>()
  // An unroutable message comes back before its confirm, which is positive all the same.
  channel.on("return", (message) => returned.add(String(message.properties.messageId)))

  const send = (publications: ReadonlyArray<Letter>, settle: (index: number, outcome: Outcome) => void): void =>
    publications.forEach(({ content, headers, queue }, index) => {
      serial += 1
      const messageId = String(serial)
      const options = {
        persistent: true,
        mandatory: true,
        messageId,
        contentType: "application/json",
        ...(headers === undefined ? {} : { headers })
      }
      try {
        channel.publish(
          "",
          queue,
          typeof content === "string" ? Buffer.from(content) : content,
          options,
          (cause: unknown) => settle(index, outcomeOf(cause, returned.delete(messageId)))
        )
      } catch (cause) {
        settle(index, Either.left(new BrokerError({ reason: "Unavailable", cause })))
      }
    })

  return (publications: ReadonlyArray<Letter>): Effect.Effect<ReadonlyArray<Outcome>> =>
    Effect.suspend(() => {
      const outcomes = publications.map((): Outcome => unconfirmed)
      let open = publications.length
      return Effect.async<ReadonlyArray<Outcome>>((resume) =>
        send(publications, (index, outcome) => {
          outcomes[index] = outcome
          open -= 1
          if (open === 0) resume(Effect.succeed(outcomes))
        })
      ).pipe(Effect.timeoutTo({ duration: confirmTimeout, onSuccess: (all) => all, onTimeout: () => [...outcomes] }))
    })
}

const unconfirmed: Outcome = Either.left(new BrokerError({ reason: "Timeout", cause: "not confirmed in time" }))

const outcomeOf = (cause: unknown, unroutable: boolean): Outcome => {
  if (cause !== null && cause !== undefined) return Either.left(new BrokerError({ reason: "Failed", cause }))
  return unroutable
    ? Either.left(new BrokerError({ reason: "Unroutable", cause: "the queue does not exist" }))
    : Either.void
}
