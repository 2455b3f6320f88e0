import { Context, Duration, Effect, Layer, Schedule } from "effect"
import { type DeadMessage, home, view } from "../domain/DeadLetter.ts"
import { Conflict, NotFound } from "../domain/Errors.ts"
import * as Queues from "../domain/Queues.ts"
import { Audit, type AuditEntry } from "./Audit.ts"
import * as Ids from "./Ids.ts"
import { Broker, type BrokerError, type Requeued } from "./ports/Broker.ts"
import { Coordination } from "./ports/Coordination.ts"
import { Settings } from "./Settings.ts"
import type { StoreError } from "./store/Store.ts"

type Refusal = NotFound | Conflict | BrokerError

/** What could not be processed, in an operator's hands. No other queue is touched: they are in use. */
export class DeadMessages extends Context.Tag("sluice/services/DeadMessages")<DeadMessages, {
  /** The first messages of the dead-letter queue, which stay there. */
  readonly inspect: (queue: string, limit: number) => Effect.Effect<ReadonlyArray<DeadMessage>, Refusal>
  /** Brings messages back to where they died, and audits it. Those of which nobody knows where they belong stay. */
  readonly requeue: (
    request: { readonly queue: string; readonly limit: number; readonly actor: string }
  ) => Effect.Effect<Requeued, Refusal | StoreError>
  /** Removes all, and audits it; how many that were. What they asked for is in the database, and is done all the same. */
  readonly purge: (
    request: { readonly queue: string; readonly actor: string }
  ) => Effect.Effect<number, Refusal | StoreError>
}>() {
  static readonly layer = Layer.effect(DeadMessages, Effect.suspend(() => make))
}

const bytesAtMost = 1_048_576
// Longer than any call takes.
const lockTtl = Duration.seconds(10)
const turns = Schedule.spaced("100 millis").pipe(Schedule.upTo("2 seconds"))

const make = Effect.gen(function*() {
  const audit = yield* Audit
  const { deadLetters } = yield* Broker
  const coordination = yield* Coordination
  const { queues } = yield* Settings

  const all = new Set(Queues.names(queues))
  const key = `queue:${queues.deadLetter}`

  const theDeadLetterQueue = (name: string): Effect.Effect<void, NotFound | Conflict> => {
    if (name === queues.deadLetter) return Effect.void
    return all.has(name)
      ? new Conflict({
        message: `The queue ${name} is in use. What it holds stands in the database: see GET /deliveries and GET ` +
          `/replays. Only the dead-letter queue, ${queues.deadLetter}, can be inspected, requeued and purged.`
      })
      : new NotFound({ message: "There is no such queue; GET /queues tells of all." })
  }

  // Two at once would each see half. Without Redis they do, and no message is lost by that.
  const inTurn = <A, E>(work: Effect.Effect<A, E>): Effect.Effect<A, E | Conflict> =>
    Effect.flatMap(Ids.next, (token) =>
      Effect.acquireUseRelease(
        coordination.lock([{ key, token }], lockTtl).pipe(
          Effect.orElseSucceed(() => [true]),
          Effect.filterOrFail(([mine]) => mine === true, () => busy),
          Effect.retry(turns),
          Effect.interruptible
        ),
        () => work,
        () => Effect.ignore(coordination.unlock([{ key, token }]))
      ))

  // Told before it is done, so that nothing is done untold, and once it is, with what came of it.
  const audited = Effect.fnUntraced(function*<A extends AuditEntry["detail"], E>(
    actor: string,
    actions: { readonly before: string; readonly after: string },
    detail: AuditEntry["detail"],
    work: Effect.Effect<A, E>
  ) {
    const about = { actor, subjectType: "queue", subjectId: null } as const
    yield* audit.append({ ...about, action: actions.before, detail })
    const result = yield* work
    yield* audit.append({ ...about, action: actions.after, detail: { ...detail, ...result } }).pipe(
      Effect.catchTag(
        "StoreError",
        (error) =>
          Effect.logWarning("What came of an operator's work on a queue could not be audited", detail, result, error)
      )
    )
    return result
  })

  return DeadMessages.of({
    inspect: Effect.fn("DeadMessages.inspect")(function*(queue, limit) {
      yield* theDeadLetterQueue(queue)
      const letters = yield* inTurn(deadLetters.inspect({ limit, bytes: bytesAtMost }))
      return letters.map((letter) => view(queues, letter))
    }),

    requeue: Effect.fn("DeadMessages.requeue")(function*({ actor, limit, queue }) {
      yield* theDeadLetterQueue(queue)
      const work = deadLetters.requeue(limit, (letter) => home(queues, letter))
      const actions = { before: "queue.requeue_requested", after: "queue.requeued" }
      return yield* inTurn(
        audited(actor, actions, { queue, limit }, Effect.map(work, ({ left, requeued }) => ({ requeued, left })))
      )
    }),

    purge: Effect.fn("DeadMessages.purge")(function*({ actor, queue }) {
      yield* theDeadLetterQueue(queue)
      const actions = { before: "queue.purge_requested", after: "queue.purged" }
      const { purged } = yield* inTurn(
        audited(actor, actions, { queue }, Effect.map(deadLetters.purge, (purged) => ({ purged })))
      )
      return purged
    })
  })
})

const busy = new Conflict({
  message: "Another call is at work on the dead-letter queue; try again in a moment."
})
