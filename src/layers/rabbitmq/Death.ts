import { DateTime, Option, Predicate, Schema } from "effect"
import { type Death, DeathCause } from "../../domain/DeadLetter.ts"

export type Headers = Readonly<Record<string, string | number>>

const reasonHeader = "sluice-reason"
const causeHeader = "sluice-cause"
const queueHeader = "sluice-queue"
const diedAtHeader = "sluice-died-at"
const deathsHeader = "sluice-deaths"

/** What is kept beside a message that the gateway itself puts into the dead-letter queue. */
export const headers = ({ at, cause, queue, said, times }: Death): Headers => ({
  [causeHeader]: cause,
  [deathsHeader]: times,
  ...Option.match(said, { onNone: () => ({}), onSome: (text) => ({ [reasonHeader]: text }) }),
  ...Option.match(queue, { onNone: () => ({}), onSome: (name) => ({ [queueHeader]: name }) }),
  ...Option.match(at, { onNone: () => ({}), onSome: (time) => ({ [diedAtHeader]: DateTime.formatIso(time) }) })
})

/** What is kept beside one that leaves it again. */
export const memory = ({ times }: Death): Headers => ({ [deathsHeader]: times })

/** How often a message has died until now. */
export const timesBefore = (kept: unknown): number => Option.getOrElse(field(kept, deathsHeader, Count), () => 0)

/** Why a message stands in the dead-letter queue: what the gateway noted, or else what RabbitMQ did. */
export const read = (kept: unknown): Death => {
  const said = field(kept, reasonHeader, Schema.String)
  const cause = field(kept, causeHeader, DeathCause)
  if (Option.isSome(said) || Option.isSome(cause)) {
    return {
      cause: Option.getOrElse(cause, () => "refused" as const),
      said,
      queue: field(kept, queueHeader, Schema.String),
      at: field(kept, diedAtHeader, Schema.DateTimeUtc),
      // Revisions before this one noted nothing but the reason.
      times: Option.isSome(cause) ? timesBefore(kept) : 1
    }
  }
  // The latest comes first.
  return Option.match(Option.flatMap(field(kept, "x-death", Deaths), ([latest]) => Option.fromNullable(latest)), {
    onNone: (): Death => ({ ...nothing, times: timesBefore(kept) }),
    onSome: ({ queue, reason, time }): Death => ({
      cause: isCause(reason) ? reason : "unknown",
      said: Option.none(),
      queue: Option.some(queue),
      at: Option.flatMap(time, ({ value }) => DateTime.make(value * 1_000)),
      times: timesBefore(kept) + 1
    })
  })
}

const nothing = { cause: "unknown", said: Option.none(), queue: Option.none(), at: Option.none() } as const

/** How often RabbitMQ has had a message back. */
export const returns = (kept: unknown): number => Option.getOrElse(field(kept, "x-delivery-count", Count), () => 0)

const Count = Schema.NonNegativeInt
const Deaths = Schema.Array(Schema.Struct({
  queue: Schema.String,
  reason: Schema.String,
  time: Schema.optionalWith(Schema.Struct({ value: Schema.Number }), { as: "Option" })
}))
const isCause = Schema.is(DeathCause)

// Anybody may have written them.
const field = <A, I>(kept: unknown, name: string, schema: Schema.Schema<A, I>): Option.Option<A> =>
  Predicate.hasProperty(kept, name) ? Schema.decodeUnknownOption(schema)(kept[name]) : Option.none()
