import { Array, Context, Data, Effect, Layer, Option, Queue, Schedule } from "effect"
import * as Headers from "../domain/Headers.ts"
import { DeliveryId, EventId } from "../domain/Ids.ts"
import type { Decision } from "../domain/RateLimit.ts"
import type * as Naming from "../domain/verification/Naming.ts"
import type { Request } from "../domain/verification/Request.ts"
import { secretHeaders } from "../domain/verification/Scheme.ts"
import * as Batch from "./Batch.ts"
import type { Listed } from "./Directory.ts"
import { Dispatch } from "./Dispatch.ts"
import * as Ids from "./Ids.ts"
import { type Held, Inflow } from "./Inflow.ts"
import * as IntakeNotes from "./IntakeNotes.ts"
import * as Loop from "./Loop.ts"
import * as Metrics from "./Metrics.ts"
import * as Pieces from "./Pieces.ts"
import { Coordination } from "./ports/Coordination.ts"
import { Traces } from "./ports/Traces.ts"
import * as SealedHeaders from "./SealedHeaders.ts"
import { Settings } from "./Settings.ts"
import { EventStore, type NewEvent, type Stored } from "./store/EventStore.ts"
import { isRejected, StoreError } from "./store/Store.ts"
import { Vault } from "./Vault.ts"

/** The integration's budget is used up. */
export class RateLimited extends Data.TaggedError("RateLimited")<{ readonly decision: Decision }> {}

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
  /** Limits, deduplicates and stores. Once it succeeds the event is durable; of a webhook that is split, all of them. */
  readonly accept: (
    incoming: Incoming
  ) => Effect.Effect<Array.NonEmptyReadonlyArray<Stored>, RateLimited | StoreError>
}>() {
  static readonly layer = Layer.scoped(Intake, Effect.suspend(() => make))
}

const maxEventsPerCommit = 250
const maxBytesPerCommit = 16_777_216
const commitsInFlight = 2
// So that a commit holds no more events than that, however small.
const leastWeight = maxBytesPerCommit / maxEventsPerCommit
const waitingWebhooks = 2_000
const waitingMarks = 5_000
const lookupsAtOnce = 16

const tooSlow = new StoreError({ reason: "Unavailable", cause: "PostgreSQL did not store the webhook in time" })
const noRoom = new StoreError({ reason: "Unavailable", cause: "too much is waiting to be stored here" })

const make = Effect.gen(function*() {
  const coordination = yield* Coordination
  const dispatch = yield* Dispatch
  const events = yield* EventStore
  const vault = yield* Vault
  const inflow = yield* Inflow
  const traces = yield* Traces
  const { acceptWithin, idempotencyTtl, maxWebhookBytes } = yield* Settings

  // What one webhook brings is stored together or not at all.
  const store = yield* Batch.make({
    maxEntries: maxEventsPerCommit,
    maxWeight: maxBytesPerCommit,
    weigh: (webhook: Webhook) =>
      webhook.reduce((sum, { event: { body } }) => sum + Math.max(body.byteLength, leastWeight), 0),
    parallel: commitsInFlight,
    capacity: waitingWebhooks,
    commit: (webhooks: ReadonlyArray<Webhook>) =>
      Effect.timed(events.insert(webhooks.flatMap(Array.map((_) => _.event)))).pipe(
        Effect.tap(([took, stored]) => Metrics.committed(stored.length, took)),
        Effect.map(([, stored]) => {
          let from = 0
          return webhooks.map(({ length }) => stored.slice(from, from += length))
        })
      ),
    separate: isRejected,
    refusal: { after: acceptWithin, error: tooSlow },
    settled: (webhook) => inflow.letGo(sizeOf(webhook.map((_) => _.event)))
  })

  const marks = yield* Queue.sliding<Mark>(waitingMarks)
  yield* Loop.forkRepeating(
    "Marking accepted webhooks",
    Schedule.forever,
    Effect.flatMap(
      Queue.takeBetween(marks, 1, maxEventsPerCommit),
      Effect.forEach(({ eventId, key }) =>
        // The database knows; a marker that is missing only costs a lookup there.
        Effect.ignore(coordination.mark(key, eventId, idempotencyTtl)), { concurrency: "unbounded", discard: true })
    )
  )

  /** How many milliseconds its deliveries are to wait; what nobody would send again is not refused. */
  const within = Effect.fnUntraced(
    function*({ integration: { id, rateLimitPerMinute, retries }, rescuedAt }: Incoming) {
      if (Option.isNone(rateLimitPerMinute) || rescuedAt !== undefined) return 0
      const decision = yield* Effect.option(
        coordination.take(`limit:${id}:${rateLimitPerMinute.value}`, rateLimitPerMinute.value, !retries)
      )
      if (Option.isNone(decision) || decision.value.allowed) return 0
      return retries ? yield* new RateLimited({ decision: decision.value }) : decision.value.retryAfterMs
    }
  )

  const wasSeen = (key: string) =>
    Effect.map(Effect.option(coordination.marked(key)), (marked) => Option.isSome(Option.flatten(marked)))

  const announce = Effect.fnUntraced(function*({ event, markKey }: Ready, stored: Stored) {
    if (!stored.duplicate) {
      yield* dispatch.enqueue(
        event.deliveries.filter((_) => !_.held && event.delayMs === 0).map(({ destinationId, id }) => ({
          v: 1,
          deliveryId: id,
          generation: 1,
          attempt: 1,
          destinationId
        }))
      )
      yield* Queue.offer(marks, { key: markKey, eventId: stored.eventId })
    }
  })

  const commit = Effect.fnUntraced(function*(webhook: Webhook, { arrival, held, integration, request }: Incoming) {
    held.handOver(sizeOf(webhook.map((_) => _.event)))
    const stored = yield* store(webhook)
    if (!Array.isNonEmptyReadonlyArray(stored)) return yield* Effect.dieMessage("a webhook became no event")
    yield* IntakeNotes.tell(traces, { integration, request, stored, arrival: Option.fromNullable(arrival) })
    yield* Effect.forEach(Array.zip(webhook, stored), ([one, stored]) => announce(one, stored), { discard: true })
    return stored
  }, Effect.uninterruptible)

  const ready = Effect.fnUntraced(function*(
    { integration, path, query, rescuedAt }: Incoming,
    { markKey, names, request, seen }: Named,
    delayMs: number
  ): Effect.fn.Return<Ready> {
    const receivedAt = rescuedAt ?? request.receivedAt
    const id = EventId.make(Ids.at(receivedAt))
    const secret = secretHeaders(integration.scheme)
    const apart = yield* SealedHeaders.seal(vault, `event:${id}`, request.headers, secret)
    const wanted = Pieces.wanted(integration, names, request)
    const event: NewEvent = {
      ...apart,
      id,
      integrationId: integration.id,
      dedupeKey: names.dedupeKey,
      providerEventId: Option.getOrNull(names.providerEventId),
      type: Option.getOrNull(names.type),
      contentType: Option.getOrNull(
        Option.map(Headers.folded(request.headers, "content-type"), (_) => _.slice(0, 200))
      ),
      receivedAt,
      path,
      query,
      body: request.body,
      delayMs,
      deliveries: wanted.map((destination) => ({
        id: DeliveryId.make(Ids.at(receivedAt)),
        destinationId: destination.id,
        held: destination.status !== "active"
      })),
      seen
    }
    return { event, markKey }
  })

  return Intake.of({
    accept: Effect.fn("Intake.accept")(function*(incoming) {
      const { held, integration, request: whole } = incoming
      const requests = Pieces.of(integration, whole, maxWebhookBytes)
      const isSplit = requests.length > 1
      // The whole is held as well, until it is answered.
      if (isSplit && !held.add(sizeOf(requests))) return yield* noRoom
      const names = Pieces.names(integration, whole, requests)
      const named = Effect.forEach(Array.zip(requests, names), ([request, names]) => {
        const markKey = `seen:${integration.id}:${names.dedupeKey}`
        return Effect.map(wasSeen(markKey), (seen): Named => ({ request, names, markKey, seen }))
      }, { concurrency: lookupsAtOnce })
      const [delayMs, known] = yield* Effect.all([within(incoming), named], { concurrency: 2 })
      return yield* commit(yield* Effect.forEach(known, (one) => ready(incoming, one, delayMs)), incoming)
    })
  })
})

const sizeOf = (bodies: ReadonlyArray<{ readonly body: Uint8Array }>): number =>
  bodies.reduce((sum, { body }) => sum + body.byteLength, 0)

/** The events of one webhook. */
type Webhook = ReadonlyArray<Ready>

interface Named {
  readonly request: Request
  readonly names: Naming.Names
  readonly markKey: string
  readonly seen: boolean
}

interface Ready {
  readonly event: NewEvent
  readonly markKey: string
}

interface Mark {
  readonly key: string
  readonly eventId: string
}
