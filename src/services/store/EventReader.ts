import { SqlClient } from "@effect/sql"
import { Context, Effect, Layer, Option, Record, Schema } from "effect"
import { Event, EventDetail } from "../../domain/Event.ts"
import { Headers } from "../../domain/Headers.ts"
import type { EventId } from "../../domain/Ids.ts"
import { deliveryDetailJson } from "./DeliveryJson.ts"
import * as EventJson from "./EventJson.ts"
import * as EventList from "./EventList.ts"
import * as Search from "./Search.ts"
import { guarded, rows, type StoreError } from "./Store.ts"

/** The exact bytes of an event and what they were said to be. */
export const Content = Schema.Struct({ contentType: Schema.NullOr(Schema.String), body: Schema.Uint8ArrayFromSelf })
export type Content = typeof Content.Type

/** Events, as operators see them. */
export class EventReader extends Context.Tag("sluice/services/store/EventReader")<EventReader, {
  /** Newest first, those before the cursor. */
  readonly list: (query: EventList.EventQuery) => Effect.Effect<Search.Part<Event>, StoreError>
  readonly find: (id: EventId) => Effect.Effect<Option.Option<EventDetail>, StoreError>
  readonly content: (id: EventId) => Effect.Effect<Option.Option<Content>, StoreError>
}>() {
  static readonly layer = Layer.effect(EventReader, Effect.suspend(() => make))
}

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  const search = Search.make(sql, Event)

  return EventReader.of({
    list: Effect.fn("EventReader.list")((query) => search(EventList.search(sql, query))),

    find: Effect.fn("EventReader.find")(function*(id) {
      const [found] = yield* sql`
        SELECT json_build_object(
          ${
        EventJson.fields(sql, "e")
      }, 'path', coalesce(content.path, ''), 'query', coalesce(content.query, ''), 'headers', '{}'::json,
          'deliveries', (
            SELECT coalesce(json_agg(${deliveryDetailJson(sql)} ORDER BY d.id), '[]')
            FROM deliveries d WHERE d.event_id = e.id
          )
        ) AS value, coalesce(content.headers, '{}') AS headers
        FROM events e
        LEFT JOIN event_bodies content ON content.event_id = e.id AND content.received_at = e.received_at,
          ${EventJson.progress(sql, "e")}
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
