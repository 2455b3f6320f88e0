import type { ChannelModel } from "amqplib"
import { Duration, Effect, Either, type Redacted, type Scope } from "effect"
import type { Queues } from "../../domain/Queues.ts"
import { BrokerError } from "../../services/ports/Broker.ts"
import * as Confirms from "./Confirms.ts"
import * as Session from "./Session.ts"
import * as Topology from "./Topology.ts"

export type Publish = (letters: ReadonlyArray<Confirms.Letter>) => Effect.Effect<ReadonlyArray<Confirms.Outcome>>

const patience = Duration.seconds(1)
const declareTimeout = Duration.seconds(5)
const perCall = 500

/** Publishing with confirms, on a connection of its own: RabbitMQ throttles whole connections that publish. */
export const make = Effect.fnUntraced(function*(options: {
  readonly url: Redacted.Redacted
  readonly queues: Queues
}): Effect.fn.Return<Publish, never, Scope.Scope> {
  const gate = { blocked: false }
  const deadlines = yield* Confirms.deadlines
  const session = yield* Session.make(
    { url: options.url, name: "sluice publisher" },
    (connection) =>
      Effect.gen(function*() {
        yield* Topology.declare(connection, options.queues)
        yield* watch(connection, gate)
        const channel = yield* Session.acquireChannel(() => connection.createConfirmChannel())
        const declare = Topology.declare(connection, options.queues)
        const { send, stuck } = Confirms.make(channel, deadlines)
        return { value: { send, declare }, lost: Effect.raceFirst(yield* Session.lost(channel), stuck) }
      })
  )

  const publishSome = (letters: ReadonlyArray<Confirms.Letter>) =>
    Effect.gen(function*() {
      if (gate.blocked) {
        return yield* new BrokerError({
          reason: "Refused",
          cause: "RabbitMQ blocks publishers: it is short of memory or disk"
        })
      }
      const { declare, send } = yield* session.current(patience)
      const outcomes = yield* send(letters)
      // A queue that somebody deleted is there again for the next attempt.
      if (outcomes.some(isUnroutable)) yield* Effect.ignore(Effect.timeout(declare, declareTimeout))
      return outcomes
    }).pipe(
      Effect.catchAll((error) => Effect.succeed(letters.map((): Confirms.Outcome => Either.left(error))))
    )

  // Interruptible wherever it is called from: in a region that is not, a time limit would wait for what it limits.
  return (letters) =>
    Effect.interruptible(
      Effect.map(Effect.forEach(chunked(letters), publishSome), (outcomes) => outcomes.flat())
    )
})

const isUnroutable = (outcome: Confirms.Outcome): boolean =>
  Either.isLeft(outcome) && outcome.left.reason === "Unroutable"

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
