import { Array, Cause, Context, Data, Duration, Effect, Either, Exit, Layer, Option, Schedule } from "effect"
import type { IntegrationId } from "../domain/Ids.ts"
import type { DeliveryMessage } from "../domain/QueueMessage.ts"
import type { Decision } from "../domain/RateLimit.ts"
import type { Request } from "../domain/verification/Request.ts"
import * as Arrivals from "./Arrivals.ts"
import * as Batch from "./Batch.ts"
import type { Listed } from "./Directory.ts"
import { Dispatch } from "./Dispatch.ts"
import { type Held, Inflow } from "./Inflow.ts"
import * as IntakeNotes from "./IntakeNotes.ts"
import * as Loop from "./Loop.ts"
import * as Metrics from "./Metrics.ts"
import * as NewEvents from "./NewEvents.ts"
import * as Pieces from "./Pieces.ts"
import { Coordination } from "./ports/Coordination.ts"
import { Traces } from "./ports/Traces.ts"
import { Settings } from "./Settings.ts"
import { EventStore, type NewEvent, type Stored } from "./store/EventStore.ts"
import { isRejected, StoreError } from "./store/Store.ts"
import { Vault } from "./Vault.ts"

/** The integration's budget is used up. It has no stack, as a flood makes many. */
export class RateLimited extends Data.TaggedClass("RateLimited")<{ readonly decision: Decision }> {}

/**
 * A webhook as the ingress hands it over, once it is believed. `path` and `query` are what followed the integration in the
 * URL.
 */
export interface Incoming {
  readonly integration: Listed
  readonly request: Request
  readonly path: string
  readonly query: string
  /** The body's bytes, as they are counted. */
  readonly held: Held
  /**
   * Where an operator takes in what was refused before: the moment, in milliseconds since the epoch, whose event it becomes.
   * No limit holds then.
   */
  readonly rescuedAt?: number
  /** Absent where it is taken in later than it came. */
  readonly arrival?: IntakeNotes.Arrival
}

/** The way of a webhook that is believed to the database. */
export class Intake extends Context.Tag("sluice/services/Intake")<Intake, {
  /**
   * Limits, deduplicates and stores. Once it succeeds the event is durable; of a webhook that is split, all of them. What
   * waits to be stored is stored also where its caller is interrupted.
   */
  readonly accept: (incoming: Incoming) => Effect.Effect<Taken, RateLimited | StoreError>
  /** The same at once, for those that come by the thousand: `tell` is called once. */
  readonly unsafeAccept: (
    incoming: Incoming,
    tell: (outcome: Exit.Exit<Taken, RateLimited | StoreError>) => void
  ) => void
}>() {
  static readonly layer = Layer.scoped(Intake, Effect.suspend(() => make))
}

/** The events that a webhook became. */
export type Taken = Array.NonEmptyReadonlyArray<Stored>

const maxEventsPerCommit = 250
const maxBytesPerCommit = 16_777_216
const commitsInFlight = 2
// So that a commit holds no more events than that, however small.
const leastWeight = maxBytesPerCommit / maxEventsPerCommit
const waitingWebhooks = 2_000
const waitingMarks = 32
const marking = Duration.millis(50)

const tooSlow = new StoreError({ reason: "Unavailable", cause: "PostgreSQL did not store the webhook in time" })
const noRoom = Exit.fail(
  new StoreError({ reason: "Unavailable", cause: "too much is waiting to be stored here" })
)

const make = Effect.gen(function*() {
  const coordination = yield* Coordination
  const dispatch = yield* Dispatch
  const store = yield* EventStore
  const vault = yield* Vault
  const inflow = yield* Inflow
  const traces = yield* Traces
  const { acceptWithin, idempotencyTtl, maxWebhookBytes } = yield* Settings
  // Made before the line to the store, so that it ends after it: who is let go here meets an end there.
  const ask = yield* Arrivals.make

  // The oldest gives way where Redis is slow.
  const marks: globalThis.Array<ReadonlyArray<string>> = []
  const filled = yield* Effect.makeLatch()
  yield* Loop.forkRepeating(
    "Marking accepted webhooks",
    Schedule.spaced(marking),
    // The database knows; a marker that is missing only costs a lookup there.
    Effect.flatMap(filled.await, () => {
      filled.unsafeClose()
      return Effect.ignore(coordination.mark(marks.splice(0).flat(), idempotencyTtl))
    })
  )

  const announce = (fresh: ReadonlyArray<NewEvent>) =>
    Effect.zipRight(
      dispatch.enqueue(fresh.flatMap(messagesOf)),
      Effect.sync(() => {
        marks.push(fresh.map((_) => markKeyOf(_.integrationId, _.dedupeKey)))
        if (marks.length > waitingMarks) marks.shift()
        filled.unsafeOpen()
      })
    )

  const insert = Effect.fnUntraced(function*(events: ReadonlyArray<NewEvent>) {
    const [took, stored] = yield* Effect.timed(store.insert(events))
    yield* Metrics.committed(stored.length, took)
    const ids = new Set(stored.flatMap((_) => Either.isRight(_) && !_.right.duplicate ? [_.right.eventId] : []))
    const fresh = events.filter(({ id }) => ids.has(id))
    if (fresh.length > 0) yield* announce(fresh)
    return stored
  })

  const commit = Effect.fnUntraced(function*(webhooks: ReadonlyArray<Webhook>) {
    const stored = yield* insert(webhooks.flatMap(({ events }) => events))
    let from = 0
    const outcomes = webhooks.map(({ events }) => Either.all(stored.slice(from, from += events.length)))
    yield* IntakeNotes.tell(
      traces,
      Array.zip(webhooks, outcomes).flatMap(([{ origin }, outcome]) =>
        Either.isRight(outcome) ? [{ ...origin, stored: outcome.right }] : []
      )
    )
    return outcomes
  })

  // What one webhook brings is stored together or not at all.
  const { unsafeSubmit } = yield* Batch.make({
    maxEntries: maxEventsPerCommit,
    maxWeight: maxBytesPerCommit,
    weigh: ({ events }: Webhook) => events.reduce((sum, { body }) => sum + Math.max(body.byteLength, leastWeight), 0),
    parallel: commitsInFlight,
    commit,
    separate: isRejected,
    refusal: { after: acceptWithin, capacity: waitingWebhooks, error: tooSlow },
    settled: ({ events }) => inflow.letGo(sizeOf(events))
  })

  const draftsOf = ({ integration, path, query, request: whole, rescuedAt }: Incoming, requests: Pieces.Requests) => {
    const names = Pieces.names(integration, whole, requests)
    const source = { integration, path, query, receivedAt: rescuedAt ?? whole.receivedAt }
    return Array.zipWith(requests, names, (request, names) => NewEvents.unsafeDraft(vault, source, request, names))
  }

  const unsafeAccept: typeof Intake.Service.unsafeAccept = (incoming, tell) => {
    const { held, integration, request, rescuedAt } = incoming
    const requests = Pieces.of(integration, request, maxWebhookBytes)
    // The whole is held as well, until it is answered.
    if (requests.length > 1 && !held.add(sizeOf(requests))) return tell(noRoom)
    const drafts = draftsOf(incoming, requests)
    const origin = originOf(incoming)
    const markKeys = drafts.map((_) => markKeyOf(_.integrationId, _.dedupeKey))
    held.handOver(sizeOf(drafts))
    ask({ integration, limited: rescuedAt === undefined, markKeys }, ({ decision, seen }) => {
      const delayMs = admission(integration, decision)
      if (Either.isRight(delayMs)) {
        const events = Array.map(
          drafts,
          (draft, index) => NewEvents.admit(draft, { delayMs: delayMs.right, seen: seen[index] === true })
        )
        return unsafeSubmit({ origin, events }, (outcome) => tell(Exit.flatMap(outcome, taken)))
      }
      inflow.letGo(sizeOf(drafts))
      tell(Exit.fail(delayMs.left))
    })
  }

  return Intake.of({
    accept: (incoming) => Effect.async((resume) => unsafeAccept(incoming, resume)),
    unsafeAccept
  })
})

const taken: (stored: Either.Either<ReadonlyArray<Stored>, StoreError>) => Exit.Exit<Taken, StoreError> = Either.match({
  onLeft: Exit.fail,
  onRight: (stored) =>
    Array.isNonEmptyReadonlyArray(stored)
      ? Exit.succeed(stored)
      : Exit.die(new Cause.RuntimeException("a webhook became no event"))
})

interface Webhook {
  readonly origin: IntakeNotes.Origin
  readonly events: ReadonlyArray<NewEvent>
}

// Without the body, and the document that was parsed of it: they may wait for long.
const originOf = ({ arrival, integration, request: { headers, receivedAt } }: Incoming): IntakeNotes.Origin => ({
  integration,
  request: { headers, receivedAt },
  arrival: Option.fromNullable(arrival)
})

/** How long a webhook's deliveries wait: one over the limit is refused, or else let in later where nobody would send it again. */
const admission = (
  { retries }: Listed,
  decision: Option.Option<Decision>
): Either.Either<number, RateLimited> => {
  const refused = Option.filter(decision, ({ allowed }) => !allowed)
  if (Option.isNone(refused)) return Either.right(0)
  return retries ? Either.left(new RateLimited({ decision: refused.value })) : Either.right(refused.value.retryAfterMs)
}

const markKeyOf = (integration: IntegrationId, dedupeKey: string): string => `seen:${integration}:${dedupeKey}`

const messagesOf = ({ delayMs, deliveries }: NewEvent): ReadonlyArray<DeliveryMessage> =>
  deliveries.filter(({ held }) => !held && delayMs === 0).map(({ destinationId, id }) => ({
    v: 1,
    deliveryId: id,
    generation: 1,
    attempt: 1,
    destinationId
  }))

const sizeOf = (bodies: ReadonlyArray<{ readonly body: Uint8Array }>): number =>
  bodies.reduce((sum, { body }) => sum + body.byteLength, 0)
