import { type Option, Schema } from "effect"
import type { LazyArg } from "effect/Function"
import { EventStatus } from "./Event.ts"
import { optional } from "./Fields.ts"
import * as Filter from "./Filter.ts"
import { DestinationId, EventId, ReplayId } from "./Ids.ts"

/** Why an operator does it. */
export const Reason = Schema.Trim.pipe(Schema.minLength(1), Schema.maxLength(1_000))

export const ReplayStatus = Schema.Literal("queued", "running", "completed", "cancelled")
export type ReplayStatus = typeof ReplayStatus.Type

/** What is delivered again: one event, the events of a filter, or the dead deliveries of one. */
export const ReplayKind = Schema.Literal("event", "events", "dead-letters")

/** The filter of a bulk replay as it is told; `integration` is an id. */
export const ReplayFilter = Schema.Struct({
  integration: optional(Schema.String),
  type: optional(Schema.String),
  status: optional(EventStatus),
  destinationId: optional(DestinationId),
  from: optional(Schema.DateTimeUtc),
  to: optional(Schema.DateTimeUtc)
})

const counting = (description: string) => Schema.Int.annotations({ description })

/** An operator's request to deliver again, and how far it is. */
export const Replay = Schema.Struct({
  id: ReplayId,
  kind: ReplayKind,
  status: ReplayStatus,
  total: counting(
    "What matched when it was requested: events where the kind is events, deliveries otherwise. Once it is completed, done " +
      "and skipped together are the total; what has come to match meanwhile is added to it."
  ),
  done: counting("How many of the total were given a new generation."),
  skipped: counting(
    "How many of the total were not: they go nowhere, their content is no longer kept, or they match no longer."
  ),
  deliveries: counting("How many deliveries were given a new generation: an event may have several."),
  reason: Schema.String,
  actor: Schema.String,
  eventId: Schema.NullOr(EventId),
  destinationId: Schema.NullOr(DestinationId),
  filter: Schema.NullOr(ReplayFilter),
  ratePerSecond: Schema.NullOr(Schema.Int),
  createdAt: Schema.DateTimeUtc,
  updatedAt: Schema.DateTimeUtc
})
export type Replay = typeof Replay.Type

/** A destination to which a replayed event may go; `tried` where the event has a delivery to it already. */
export interface Candidate {
  readonly filter: Filter.Filter
  readonly tried: boolean
}

/** Whether a replayed event goes to a destination that nobody named: the body as JSON is asked for only by rules. */
export const goesTo = (
  { filter, tried }: Candidate,
  type: Option.Option<string>,
  json: LazyArg<Option.Option<unknown>>
): boolean => tried || Filter.matches(filter, type, json)
