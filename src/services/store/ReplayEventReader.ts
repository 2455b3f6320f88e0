import { SqlClient, type Statement } from "@effect/sql"
import { Context, Effect, Layer, Option, Schema } from "effect"
import type { EventStatus } from "../../domain/Event.ts"
import { Filter } from "../../domain/Filter.ts"
import { DestinationId } from "../../domain/Ids.ts"
import type { EventsFilter } from "../../domain/ReplayScope.ts"
import { given } from "./Conditions.ts"
import * as EventJson from "./EventJson.ts"
import { type Counted, counted, type Span, spanOf, type Stretch, stretch, type Window, within } from "./ReplayWindow.ts"
import { guarded, rows, type StoreError } from "./Store.ts"

/** What decides where an event goes that is delivered again. */
export const ReplayEvent = Schema.Struct({
  id: Schema.String,
  integrationId: Schema.String,
  type: Schema.OptionFromNullOr(Schema.String),
  /** Of the body, in bytes. */
  size: Schema.Int,
  /** Whether its content is there still. */
  kept: Schema.Boolean
})
export type ReplayEvent = typeof ReplayEvent.Type

export const ReplayDestination = Schema.Struct({ id: DestinationId, integrationId: Schema.String, filter: Filter })
export type ReplayDestination = typeof ReplayDestination.Type

/** Where an event has been sent; `failed`: without success. */
export const Tried = Schema.Struct({ eventId: Schema.String, destinationId: DestinationId, failed: Schema.Boolean })
export type Tried = typeof Tried.Type

/** Events as a bulk replay goes through them. */
export class ReplayEventReader extends Context.Tag("sluice/services/store/ReplayEventReader")<ReplayEventReader, {
  /** How many events match now. Fails with a StoreError that `isOverTime` where that takes too long to count. */
  readonly count: (filter: EventsFilter) => Effect.Effect<Counted, StoreError>
  /** The next events that match, oldest first. */
  readonly next: (filter: EventsFilter, window: Window) => Effect.Effect<Stretch<ReplayEvent>, StoreError>
  readonly destinations: (
    integrationIds: ReadonlyArray<string>
  ) => Effect.Effect<ReadonlyArray<ReplayDestination>, StoreError>
  readonly tried: (eventIds: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Tried>, StoreError>
  /** The bodies by event id, of those that are kept. */
  readonly bodies: (eventIds: ReadonlyArray<string>) => Effect.Effect<ReadonlyMap<string, Uint8Array>, StoreError>
}>() {
  static readonly layer = Layer.effect(ReplayEventReader, Effect.suspend(() => make))
}

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  // Of the two that have an index the narrower one: a type is mostly of one integration, whose other events are more.
  const column = ({ integration, type }: EventsFilter) =>
    Option.orElse(
      Option.map(type, (_) => ({ name: "type", value: sql`${_}::text` })),
      () => Option.map(integration, (_) => ({ name: "integration_id", value: sql`${_}::uuid` }))
    )
  const bound = (filter: EventsFilter, span: Span) => within(sql, span, column(filter), "e")

  /** What the bounds leave to be looked at in each row. */
  const rest = ({ integration, status, type }: EventsFilter): ReadonlyArray<Statement.Fragment> => [
    ...(Option.isSome(type) ? given(integration, (_) => sql`e.integration_id = ${_}::uuid`) : []),
    ...given(status, (_) => sql`progress.status = ${_}`)
  ]
  /** Among which events those of a status are: the sets behind the rarer ones have indexes. */
  const among = (status: EventStatus): ReadonlyArray<Statement.Fragment> => {
    switch (status) {
      case "unrouted":
        return [sql`e.unrouted`]
      case "failed":
        return [sql`e.id IN (SELECT event_id FROM deliveries WHERE failed_at IS NOT NULL)`]
      case "pending":
      case "delivering":
        // Each half by its own index: for both in one condition PostgreSQL would need a bitmap, or read all of them.
        return [sql`e.id IN (
          SELECT event_id FROM deliveries WHERE due_at IS NOT NULL
          UNION ALL
          SELECT event_id FROM deliveries WHERE held_at IS NOT NULL
        )`]
      case "delivered":
        return []
    }
  }
  const andProgress = ({ status }: EventsFilter) =>
    Option.isSome(status) ? sql`, ${EventJson.progress(sql, "e")}` : sql``

  return ReplayEventReader.of({
    count: Effect.fn("ReplayEventReader.count")(function*(filter) {
      const span = yield* spanOf(sql, "events", filter)
      const conditions = [
        bound(filter, span).condition,
        ...rest(filter),
        ...Option.match(filter.status, { onNone: () => [], onSome: among })
      ]
      const total = yield* counted(
        sql,
        sql`SELECT count(*)::int AS count FROM events e${andProgress(filter)} WHERE ${sql.and(conditions)}`
      )
      return { ...span, total }
    }),

    next: Effect.fn("ReplayEventReader.next")(function*(filter, window) {
      const { condition, order } = bound(filter, window)
      const [row] = yield* sql`
        WITH looked AS (
          SELECT e.id, e.integration_id, e.type, e.size, e.received_at FROM events e
          WHERE ${condition} ORDER BY ${order} LIMIT ${window.look}
        ), found AS (
          SELECT e.* FROM looked e${andProgress(filter)}
          WHERE ${sql.and(rest(filter))} ORDER BY e.id LIMIT ${window.take}
        )
        SELECT (SELECT count(*)::int FROM looked) AS looked,
          (SELECT id FROM looked ORDER BY id DESC LIMIT 1) AS last,
          (
            SELECT coalesce(json_agg(json_build_object(
              'id', id, 'integrationId', integration_id, 'type', type, 'size', size, 'kept', (
                SELECT true FROM event_bodies
                WHERE event_id = found.id AND event_bodies.received_at = found.received_at
              ) IS NOT NULL
            ) ORDER BY id), '[]')
            FROM found
          ) AS found`.pipe(guarded, Effect.flatMap(rows(Looked)))
      return stretch(window, row ?? { looked: 0, last: null, found: [] })
    }),

    destinations: Effect.fn("ReplayEventReader.destinations")((integrationIds) =>
      sql`
        SELECT id, integration_id AS "integrationId", filter FROM destinations
        WHERE integration_id = ANY(${integrationIds}::uuid[]) AND deleted_at IS NULL
        ORDER BY id`.pipe(guarded, Effect.flatMap(rows(ReplayDestination)))
    ),

    tried: Effect.fn("ReplayEventReader.tried")((eventIds) =>
      sql`
        SELECT event_id AS "eventId", destination_id AS "destinationId", state = 'dead' AS failed
        FROM deliveries WHERE event_id = ANY(${eventIds}::uuid[])`.pipe(guarded, Effect.flatMap(rows(Tried)))
    ),

    bodies: Effect.fn("ReplayEventReader.bodies")(function*(eventIds) {
      const found = yield* sql`
        SELECT e.id, content.body
        FROM unnest(${eventIds}::uuid[]) AS wanted (id)
        JOIN events e ON e.id = wanted.id
        JOIN event_bodies content ON content.event_id = e.id AND content.received_at = e.received_at`.pipe(
        guarded,
        Effect.flatMap(rows(Schema.Struct({ id: Schema.String, body: Schema.Uint8ArrayFromSelf })))
      )
      return new Map(found.map(({ body, id }) => [id, body]))
    })
  })
})

const Looked = Schema.Struct({
  looked: Schema.Int,
  last: Schema.NullOr(Schema.String),
  found: Schema.Array(ReplayEvent)
})
