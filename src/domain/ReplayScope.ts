import { Option, Schema } from "effect"
import { EventStatus } from "./Event.ts"
import { option, span, text } from "./Fields.ts"
import { DestinationId } from "./Ids.ts"

/** Which events are meant: `from` and `to` are about when they came in; `from` is included, `to` is not. */
export const EventsFilter = Schema.Struct({
  integration: option(text),
  type: option(text),
  status: option(EventStatus),
  ...span
})
export type EventsFilter = typeof EventsFilter.Type

/**
 * Which dead deliveries are meant: `from` and `to` are about when they came to be, which is when their event came in, unless
 * a replay sent it to a further destination.
 */
export const DeadLettersFilter = Schema.Struct({
  integration: option(text),
  destinationId: option(DestinationId),
  ...span
})
export type DeadLettersFilter = typeof DeadLettersFilter.Type

/** What a bulk replay delivers again. Here an integration is an id, as its slug may change. */
export const ReplayScope = Schema.Union(
  Schema.Struct({ kind: Schema.Literal("events"), filter: EventsFilter }),
  Schema.Struct({ kind: Schema.Literal("dead-letters"), filter: DeadLettersFilter })
)
export type ReplayScope = typeof ReplayScope.Type

/** A filter that says something: what was left out by mistake must not mean everything. */
export const saying = <Fields extends Record<string, Option.Option<unknown>>, I>(
  filter: Schema.Schema<Fields, I>
): Schema.Schema<Fields, I> =>
  filter.pipe(
    Schema.filter((fields) =>
      Object.values(fields).some(Option.isSome) ||
      `names none of ${Object.keys(fields).join(", ")}; for everything pass a from that is early enough`
    )
  )

/** Of events, or of dead deliveries, a second. */
export const RatePerSecond = Schema.Int.pipe(Schema.between(1, 10_000))
