import { SqlClient } from "@effect/sql"
import { Context, Effect, Either, Layer, Schema } from "effect"
import { type DeliveryId, type DestinationId, EventId, type IntegrationId } from "../../domain/Ids.ts"
import { guarded, planKept, rows, StoreError } from "./Store.ts"

/** A verified webhook, ready to be stored with one delivery for each destination that wants it. */
export interface NewEvent {
  readonly id: EventId
  readonly integrationId: IntegrationId
  readonly dedupeKey: string
  readonly providerEventId: string | null
  readonly type: string | null
  readonly contentType: string | null
  /** Milliseconds since the epoch. */
  readonly receivedAt: number
  readonly path: string
  readonly query: string
  /** JSON text of the headers. */
  readonly headers: string
  /** An envelope of the headers that are secrets, under the place `event:{id}`. */
  readonly sealedHeaders: string | null
  readonly body: Uint8Array
  readonly deliveries: ReadonlyArray<NewDelivery>
  /** How long its deliveries wait before they are due. */
  readonly delayMs: number
  /** Whether a copy was seen lately: then only the counter is tried at first. */
  readonly seen: boolean
}

export interface NewDelivery {
  readonly id: DeliveryId
  readonly destinationId: DestinationId
  /** Whether it is to wait until its destination is active again. */
  readonly held: boolean
}

/** The id of the event that stands in the database, and whether it is this one. */
export interface Stored {
  readonly eventId: EventId
  readonly duplicate: boolean
}

/** Where events come to stand. */
export class EventStore extends Context.Tag("sluice/services/store/EventStore")<EventStore, {
  /**
   * Stores the new ones with their deliveries in one transaction; one outcome for each, in order. A copy of an event
   * that stands there, or earlier in the same batch, is counted instead; where that fails, it fails for the copy alone.
   */
  readonly insert: (
    events: ReadonlyArray<NewEvent>
  ) => Effect.Effect<ReadonlyArray<Either.Either<Stored, StoreError>>, StoreError>
}>() {
  static readonly layer = Layer.effect(EventStore, Effect.suspend(() => make))
}

const removed = Either.left(
  new StoreError({ reason: "Unavailable", cause: "an event was removed while a copy of it came in" })
)

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  const insertNew = Effect.fnUntraced(function*(events: ReadonlyArray<NewEvent>) {
    const column = <A>(of: (event: NewEvent) => A): ReadonlyArray<A> => events.map(of)
    const fanOut = events.flatMap((event) => event.deliveries.map((delivery) => ({ event, delivery })))
    // All bodies travel as one binary parameter; an array of them would travel as hexadecimal text.
    const bodies = Buffer.concat(column((_) => _.body))
    let end = 1
    const bodyAt = column((_) => (end += _.body.byteLength) - _.body.byteLength)
    return yield* sql`${planKept(sql)}
      WITH incoming AS (
        SELECT * FROM unnest(
          ${column((_) => _.id)}::uuid[], ${column((_) => _.integrationId)}::uuid[], ${
      column((_) => _.dedupeKey)
    }::text[],
          ${column((_) => _.providerEventId)}::text[], ${column((_) => _.type)}::text[],
          ${column((_) => _.contentType)}::text[], ${column((_) => _.body.byteLength)}::int[], ${bodyAt}::int[],
          ${column((_) => _.deliveries.length === 0)}::boolean[], ${column((_) => _.receivedAt)}::float8[],
          ${column((_) => _.path)}::text[], ${column((_) => _.query)}::text[], ${column((_) => _.headers)}::text[],
          ${column((_) => _.sealedHeaders)}::text[]
        ) AS incoming (
          id, integration_id, dedupe_key, provider_event_id, type, content_type, size, body_at, unrouted, received_ms,
          path, query, headers, sealed_headers
        )
      ), inserted AS (
        INSERT INTO events (
          id, integration_id, dedupe_key, provider_event_id, type, content_type, size, unrouted, received_at
        )
        SELECT id, integration_id, dedupe_key, provider_event_id, type, content_type, size, unrouted,
          to_timestamp(received_ms / 1000)
        FROM incoming
        -- One order for all batches, so that two of them cannot wait for each other.
        ORDER BY integration_id, dedupe_key
        ON CONFLICT ON CONSTRAINT events_dedupe_key DO NOTHING
        RETURNING id, integration_id, received_at
      ), bodies AS (
        INSERT INTO event_bodies (event_id, received_at, path, query, headers, sealed_headers, body)
        SELECT id, inserted.received_at, path, query, headers::json, sealed_headers,
          substring(${bodies}::bytea FROM body_at FOR size)
        FROM incoming JOIN inserted USING (id)
      ), fanned_out AS (
        INSERT INTO deliveries (
          id, event_id, event_received_at, integration_id, destination_id, state, due_at, held_at
        )
        SELECT fan_out.id, inserted.id, inserted.received_at, inserted.integration_id, destination_id,
          CASE WHEN held THEN 'held' ELSE 'pending' END,
          CASE WHEN held THEN NULL ELSE now() + delay_ms * interval '1 millisecond' END,
          CASE WHEN held THEN now() END
        FROM unnest(
          ${fanOut.map((_) => _.delivery.id)}::uuid[], ${fanOut.map((_) => _.event.id)}::uuid[],
          ${fanOut.map((_) => _.delivery.destinationId)}::uuid[], ${fanOut.map((_) => _.delivery.held)}::boolean[],
          ${fanOut.map((_) => _.event.delayMs)}::float8[]
        ) AS fan_out (id, event_id, destination_id, held, delay_ms)
        JOIN inserted ON inserted.id = fan_out.event_id
      )
      SELECT id FROM inserted`.pipe(
      guarded,
      Effect.flatMap(idRows),
      Effect.map((found) => new Set(found.map((_) => _.id)))
    )
  })

  const countCopies = Effect.fnUntraced(function*(events: ReadonlyArray<NewEvent>) {
    const copies = new Map<string, { readonly event: NewEvent; count: number }>()
    for (const event of events) {
      const known = copies.get(keyOf(event))
      if (known === undefined) copies.set(keyOf(event), { event, count: 1 })
      else known.count += 1
    }
    const counted = [...copies.values()]
    return yield* sql`${planKept(sql)}
      WITH copies AS (
        SELECT * FROM unnest(
          (SELECT ${counted.map((_) => _.event.integrationId)}::uuid[]), ${
      counted.map((_) => _.event.dedupeKey)
    }::text[],
          ${counted.map((_) => _.count)}::int[]
        ) AS copies (integration_id, dedupe_key, count)
      ), found AS (
        SELECT event.id, copies.count
        FROM copies CROSS JOIN LATERAL (
          SELECT id FROM events
          WHERE integration_id = copies.integration_id AND dedupe_key = copies.dedupe_key
          LIMIT 1
        ) AS event
      ), locked AS (
        SELECT event.id, found.count
        FROM (SELECT * FROM found ORDER BY id) AS found CROSS JOIN LATERAL (
          SELECT id FROM events WHERE id = found.id LIMIT 1 FOR UPDATE
        ) AS event
      )
      UPDATE events SET duplicates = duplicates + locked.count
      FROM locked
      WHERE events.id = locked.id AND events.id = ANY(ARRAY(SELECT id FROM locked))
      RETURNING events.id, events.integration_id AS "integrationId", events.dedupe_key AS "dedupeKey"`.pipe(
      guarded,
      Effect.flatMap(copyRows),
      Effect.map((found) => new Map(found.map((_) => [keyOf(_), _.id])))
    )
  })

  const outcomes = Effect.fnUntraced(function*(events: ReadonlyArray<NewEvent>) {
    const stored = new Map<EventId, Either.Either<Stored, StoreError>>()
    const count = Effect.fnUntraced(function*(copies: ReadonlyArray<NewEvent>) {
      if (copies.length === 0) return []
      const found = yield* countCopies(copies)
      return copies.filter((copy) => {
        const eventId = found.get(keyOf(copy))
        if (eventId !== undefined) stored.set(copy.id, Either.right({ eventId, duplicate: true }))
        return eventId === undefined
      })
    })

    const vanished = yield* count(events.filter((_) => _.seen))
    const fresh = [...events.filter((_) => !_.seen), ...vanished]
    const inserted = fresh.length === 0 ? new Set<EventId>() : yield* insertNew(fresh)
    for (const { id } of fresh) if (inserted.has(id)) stored.set(id, Either.right({ eventId: id, duplicate: false }))
    const copies = fresh.filter((_) => !inserted.has(_.id))
    // What was inserted stands, whatever becomes of the others.
    yield* Effect.catchAll(count(copies), (error) =>
      Effect.sync(() => {
        for (const { id } of copies) stored.set(id, Either.left(error))
      }))
    return stored
  })

  return EventStore.of({
    insert: Effect.fnUntraced(function*(events) {
      const stored = yield* outcomes(events)
      return events.map(({ id }) => stored.get(id) ?? removed)
    })
  })
})

const idRows = rows(Schema.Struct({ id: EventId }))
const copyRows = rows(Schema.Struct({ id: EventId, integrationId: Schema.String, dedupeKey: Schema.String }))

const keyOf = (_: { readonly integrationId: string; readonly dedupeKey: string }): string =>
  `${_.integrationId}:${_.dedupeKey}`
