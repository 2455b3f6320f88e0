import { Schema } from "effect"
import { DeliveryDetail } from "./Delivery.ts"
import { EventId, IntegrationId } from "./Ids.ts"

/**
 * What its deliveries come to: `unrouted` (no destination matched), `pending` (none was tried), `delivering` (some go
 * on), `delivered` (each that was not cancelled), `failed` (one died, or all were cancelled).
 */
export const EventStatus = Schema.Literal("pending", "delivering", "delivered", "failed", "unrouted")
export type EventStatus = typeof EventStatus.Type

/** One accepted webhook. `duplicates` counts the further copies that were acknowledged; `size` is the body's, in bytes. */
export const Event = Schema.Struct({
  id: EventId,
  integrationId: IntegrationId,
  integrationSlug: Schema.String,
  type: Schema.NullOr(Schema.String),
  providerEventId: Schema.NullOr(Schema.String),
  dedupeKey: Schema.String,
  duplicates: Schema.Int,
  status: EventStatus,
  contentType: Schema.NullOr(Schema.String),
  size: Schema.Int,
  receivedAt: Schema.DateTimeUtc
})
export type Event = typeof Event.Type

/** `path` and `query` are what followed the integration in the URL. Headers that are secrets show as `<sealed>`. */
export const EventDetail = Schema.Struct({
  ...Event.fields,
  path: Schema.String,
  query: Schema.String,
  headers: Schema.Record({ key: Schema.String, value: Schema.String }),
  deliveries: Schema.Array(DeliveryDetail)
})
export type EventDetail = typeof EventDetail.Type
