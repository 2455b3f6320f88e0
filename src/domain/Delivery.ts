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

/** Whether nothing more happens to it by itself. */
export const isOver = Schema.is(Schema.Literal("delivered", "dead", "cancelled"))

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

/**
 * What asking to send a delivery now has done: its next attempt is made at once (`brought_forward`), it was on its way already
 * (`under_way`), or it had ended and begins again in a new generation (`replayed`).
 */
export const RetryOutcome = Schema.Literal("brought_forward", "under_way", "replayed")
export type RetryOutcome = typeof RetryOutcome.Type
