import { Schema } from "effect"
import { DestinationId, EventId, ReplayId } from "./Ids.ts"

export const ReplayStatus = Schema.Literal("queued", "running", "completed", "cancelled")
export type ReplayStatus = typeof ReplayStatus.Type

/** An operator's request to deliver again. `total` and `done` count deliveries. */
export const Replay = Schema.Struct({
  id: ReplayId,
  status: ReplayStatus,
  total: Schema.Int,
  done: Schema.Int,
  reason: Schema.String,
  actor: Schema.String,
  eventId: Schema.NullOr(EventId),
  destinationId: Schema.NullOr(DestinationId),
  createdAt: Schema.DateTimeUtc,
  updatedAt: Schema.DateTimeUtc
})
export type Replay = typeof Replay.Type
