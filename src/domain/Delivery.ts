import { Schema } from "effect"
import { DeliveryId, DestinationId, EventId, IntegrationId } from "./Ids.ts"

export const DeliveryState = Schema.Literal(
  "pending",
  "queued",
  "delivering",
  "retrying",
  "held",
  "delivered",
  "dead",
  "cancelled"
)
export type DeliveryState = typeof DeliveryState.Type

/** One HTTP call for a delivery. `number` counts within the generation. */
export const Attempt = Schema.Struct({
  number: Schema.Int,
  generation: Schema.Int,
  startedAt: Schema.DateTimeUtc,
  durationMs: Schema.Int,
  outcome: Schema.Literal("success", "failure"),
  httpStatus: Schema.NullOr(Schema.Int),
  error: Schema.NullOr(Schema.String),
  responseBody: Schema.NullOr(Schema.String)
})
export type Attempt = typeof Attempt.Type

/** `attemptCount` counts over all generations; `nextAttemptAt` is set while one is to come by itself. */
export const Delivery = Schema.Struct({
  id: DeliveryId,
  eventId: EventId,
  integrationId: IntegrationId,
  destinationId: DestinationId,
  destinationUrl: Schema.String,
  status: DeliveryState,
  generation: Schema.Int,
  attemptCount: Schema.Int,
  nextAttemptAt: Schema.NullOr(Schema.DateTimeUtc),
  lastError: Schema.NullOr(Schema.String),
  updatedAt: Schema.DateTimeUtc
})
export type Delivery = typeof Delivery.Type

export const DeliveryDetail = Schema.Struct({ ...Delivery.fields, attempts: Schema.Array(Attempt) })
export type DeliveryDetail = typeof DeliveryDetail.Type
