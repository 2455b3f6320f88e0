import { SqlClient, type Statement } from "@effect/sql"
import { Context, DateTime, Effect, Layer, Number, Option, Record, Schema } from "effect"
import { Event, EventDetail, type EventStatus } from "../../domain/Event.ts"
import { Headers } from "../../domain/Headers.ts"
import type { EventId, IntegrationId } from "../../domain/Ids.ts"
import { deliveryDetailJson } from "./DeliveryReader.ts"
import { guarded, rows, type StoreError } from "./Store.ts"

export interface EventQuery {
  readonly integrationId: Option.Option<IntegrationId>
  readonly type: Option.Option<string>
  readonly status: Option.Option<EventStatus>
  readonly from: Option.Option<DateTime.Utc>
  readonly to: Option.Option<DateTime.Utc>
  readonly dedupeKey: Option.Option<string>
  readonly before: Option.Option<string>
  readonly limit: number
}

/** The exact bytes of an event and what they were said to be. */
export const Content = Schema.Struct({ contentType: Schema.NullOr(Schema.String), body: Schema.Uint8ArrayFromSelf })
export type Content = typeof Content.Type

/** Events, as operators see them. */
export class EventReader extends Context.Tag("sluice/services/store/EventReader")<EventReader, {
  /** Newest first, those before the cursor. */
  readonly list: (query: EventQuery) => Effect.Effect<ReadonlyArray<Event>, StoreError>
  readonly find: (id: EventId) => Effect.Effect<Option.Option<EventDetail>, StoreError>
  readonly content: (id: EventId) => Effect.Effect<Option.Option<Content>, StoreError>
}>() {
  static readonly layer = Layer.effect(EventReader, Effect.suspend(() => make))
}

/** What the deliveries of an event `e` come to, as `progress.status`. */
export const progressOf = (sql: SqlClient.SqlClient): Statement.Fragment =>
  sql`LATERAL (
    SELECT CASE
      WHEN count(*) = 0 THEN 'unrouted'
      WHEN bool_or(state = 'dead') OR bool_and(state = 'cancelled') THEN 'failed'
      WHEN bool_and(state IN ('delivered', 'cancelled')) THEN 'delivered'
      WHEN bool_or(attempt_count > 0 OR state = 'delivering') THEN 'delivering'
      ELSE 'pending'
    END AS status
    FROM deliveries WHERE event_id = e.id
  ) AS progress`

/** Among which events `e` those of a status are: the sets behind the rarer ones have indexes. */
export const candidates = (sql: SqlClient.SqlClient, status: EventStatus): ReadonlyArray<Statement.Fragment> => {
  switch (status) {
    case "unrouted":
      return [sql`e.unrouted`]
    case "failed":
      return [sql`e.id IN (SELECT event_id FROM deliveries WHERE failed_at IS NOT NULL)`]
    case "pending":
    case "delivering":
      return [sql`e.id IN (SELECT event_id FROM deliveries WHERE due_at IS NOT NULL OR held_at IS NOT NULL)`]
    // Most events are delivered, so the first page finds those at once.
    case "delivered":
      return []
  }
}

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  const fields = sql`
    'id', e.id, 'integrationId', e.integration_id,
    'integrationSlug', coalesce((SELECT slug FROM integrations WHERE id = e.integration_id), ''), 'type', e.type,
    'providerEventId', e.provider_event_id, 'dedupeKey', e.dedupe_key, 'duplicates', e.duplicates,
    'status', progress.status, 'contentType', e.content_type, 'size', e.size, 'receivedAt', e.received_at`

  const progress = progressOf(sql)

  const given = <A>(value: Option.Option<A>, conditions: (value: A) => ReadonlyArray<Statement.Fragment>) =>
    Option.match(value, { onNone: () => [], onSome: conditions })

  return EventReader.of({
    list: Effect.fn("EventReader.list")(function*(query) {
      const conditions = [
        ...given(query.integrationId, (_) => [sql`e.integration_id = ${_}`]),
        // Without an integration each one is looked up by itself, for the sake of the one index on the key.
        ...given(query.dedupeKey, (_) => [
          sql`e.dedupe_key = ${_}`,
          ...(Option.isNone(query.integrationId) ? [sql`e.integration_id IN (SELECT id FROM integrations)`] : [])
        ]),
        ...given(query.type, (_) => [sql`e.type = ${_}`]),
        ...given(query.status, (_) => [...candidates(sql, _), sql`progress.status = ${_}`]),
        // An id begins with its event's time, so the id's order bounds what is read.
        ...given(Option.map(query.from, millisOf), (_) => [
          sql`e.received_at >= ${new Date(_)}`,
          sql`e.id >= ${firstIdAt(_)}::uuid`
        ]),
        ...given(Option.map(query.to, millisOf), (_) => [
          sql`e.received_at < ${new Date(_)}`,
          sql`e.id < ${firstIdAt(_)}::uuid`
        ]),
        ...given(query.before, (_) => [sql`e.id < ${_}`])
      ]
      const found = yield* sql`
        SELECT json_build_object(${fields}) AS value FROM events e, ${progress}
        WHERE ${sql.and(conditions)} ORDER BY e.id DESC LIMIT ${query.limit}`.pipe(
        guarded,
        Effect.flatMap(rows(Schema.Struct({ value: Event })))
      )
      return found.map((_) => _.value)
    }),

    find: Effect.fn("EventReader.find")(function*(id) {
      const [found] = yield* sql`
        SELECT json_build_object(
          ${fields}, 'path', coalesce(content.path, ''), 'query', coalesce(content.query, ''), 'headers', '{}'::json,
          'deliveries', (
            SELECT coalesce(json_agg(${deliveryDetailJson(sql)} ORDER BY d.id), '[]')
            FROM deliveries d WHERE d.event_id = e.id
          )
        ) AS value, coalesce(content.headers, '{}') AS headers
        FROM events e
        LEFT JOIN event_bodies content ON content.event_id = e.id AND content.received_at = e.received_at, ${progress}
        WHERE e.id = ${id}`.pipe(guarded, Effect.flatMap(rows(Found)))
      return Option.map(Option.fromNullable(found), ({ headers, value }) => ({
        ...value,
        headers: Record.map(headers, (values) => values.length === 0 ? "<sealed>" : values.join(", "))
      }))
    }),

    content: Effect.fn("EventReader.content")(function*(id) {
      const [found] = yield* sql`
        SELECT e.content_type AS "contentType", content.body
        FROM events e
        JOIN event_bodies content ON content.event_id = e.id AND content.received_at = e.received_at
        WHERE e.id = ${id}`.pipe(guarded, Effect.flatMap(rows(Content)))
      return Option.fromNullable(found)
    })
  })
})

const Found = Schema.Struct({ value: EventDetail, headers: Headers })

/** Nothing is older or younger than an id can tell, and PostgreSQL knows fewer years than JavaScript. */
export const millisOf = (moment: DateTime.Utc): number =>
  Number.clamp(DateTime.toEpochMillis(moment), { minimum: 0, maximum: 2 ** 48 - 1 })

/** The smallest UUIDv7 of a moment: its first 48 bits are the milliseconds. */
export const firstIdAt = (millis: number): string => {
  const hex = millis.toString(16).padStart(12, "0")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7000-8000-000000000000`
}
