import { type Array, Schema } from "effect"
import { EventId } from "./Ids.ts"

const outcome = <const Status extends string, const Duplicate extends boolean>(status: Status, duplicate: Duplicate) =>
  Schema.Struct({
    eventId: EventId,
    status: Schema.Literal(status),
    duplicate: Schema.Literal(duplicate),
    /** Of a webhook that was split. */
    events: Schema.optionalWith(Schema.Array(Schema.Struct({ eventId: EventId, duplicate: Schema.Boolean })), {
      exact: true
    })
  })

/** What a webhook came to, as whoever brought it is told. */
export const Accepted = outcome("accepted", false)
/** All of it was there already. */
export const Duplicate = outcome("duplicate", true)
export type Acceptance = typeof Accepted.Type | typeof Duplicate.Type

type Stored = NonNullable<Acceptance["events"]>[number]

/** What the events of a webhook come to together. */
export const of = (stored: Array.NonEmptyReadonlyArray<Stored>): Acceptance => {
  const [first] = stored
  const { eventId } = stored.find((_) => !_.duplicate) ?? first
  const events = stored.length === 1 ? {} : { events: stored }
  return stored.every((_) => _.duplicate)
    ? { eventId, status: "duplicate", duplicate: true, ...events }
    : { eventId, status: "accepted", duplicate: false, ...events }
}
