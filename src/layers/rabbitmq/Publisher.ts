import type { ChannelModel } from "amqplib"
import { Array, Duration, Effect, Either, FiberMap, type Redacted, type Scope } from "effect"
import * as Queues from "../../domain/Queues.ts"
import { BrokerError } from "../../services/ports/Broker.ts"
import * as Confirms from "./Confirms.ts"
import * as Session from "./Session.ts"
import * as Topology from "./Topology.ts"

export type Publish = (letters: ReadonlyArray<Confirms.Letter>) => Effect.Effect<ReadonlyArray<Confirms.Outcome>>

const patience = Duration.seconds(1)
const perCall = 500

/** Publishing with confirms, on a connection of its own: RabbitMQ throttles whole connections that publish. */
export const make = Effect.fnUntraced(function*(options: {
  readonly url: Redacted.Redacted
  readonly queues: Queues.Queues
}): Effect.fn.Return<Publish, never, Scope.Scope> {
  const gate = { blocked: false }
  const ours = new Set(Queues.names(options.queues))
  const deadlines = yield* Confirms.deadlines
  const session = yield* Session.make(
    { url: options.url, name: "sluice publisher" },
    (connection) =>
      Effect.gen(function*() {
        yield* Topology.declare(connection, options.queues)
        yield* watch(connection, gate)
        const channel = yield* Session.acquireChannel(() => connection.createConfirmChannel())
        const restoring = yield* FiberMap.make<string, void, BrokerError>()
        // Once for all whose messages found it missing, and nobody waits for it.
        const restore = (queue: string) =>
          FiberMap.run(
            restoring,
            queue,
            Effect.tapError(
              Topology.restore(connection, options.queues, queue),
              (error) => Effect.logWarning("A queue that is missing could not be declared again", { queue }, error)
            ),
            { onlyIfMissing: true }
          )
        const { send, stuck } = Confirms.make(channel, deadlines)
        return { value: { send, restore }, lost: Effect.raceFirst(yield* Session.lost(channel), stuck) }
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
      const { restore, send } = yield* session.current(patience)
      const outcomes = yield* send(letters)
      const missing = Array.zip(letters, outcomes).flatMap(([{ queue }, outcome]) =>
        isUnroutable(outcome) && ours.has(queue) ? [queue] : []
      )
      if (missing.length > 0) yield* Effect.forEach(new Set(missing), restore, { discard: true })
      return outcomes
    }).pipe(
      Effect.catchAll((error) => Effect.succeed(letters.map((): Confirms.Outcome => Either.left(error))))
    )

  // Interruptible wherever it is called from: in a region that is not, a time limit would wait for what it limits.
  return (letters) =>
    Effect.interruptible(
      Effect.map(Effect.forEach(Array.chunksOf(letters, perCall), publishSome), (outcomes) => outcomes.flat())
    )
})

const isUnroutable = (outcome: Confirms.Outcome): boolean =>
  Either.isLeft(outcome) && outcome.left.reason === "Unroutable"

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
