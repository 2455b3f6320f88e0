import { Option, Schema } from "effect"
import { EventId, IntegrationId, RejectionId } from "./Ids.ts"
import * as Refusal from "./verification/Refusal.ts"

/** Why a request was refused: it was not believed, or it did not come so far that this was asked. */
export const Reason = Schema.Literal(
  ...Refusal.Reason.literals,
  "integration_unknown",
  "integration_disabled",
  "body_too_large",
  "body_too_slow",
  "rate_limited"
)
export type Reason = typeof Reason.Type

/**
 * A request that was refused. `size` is its body's in bytes, null where it was not read; `suppressed` is how many of the
 * same integration and reason came about then and were not kept. `eventId` is what it became when it was accepted.
 */
export const Rejection = Schema.Struct({
  id: RejectionId,
  /** Null: there was none by the name in the URL. */
  integrationId: Schema.NullOr(IntegrationId),
  integrationSlug: Schema.NullOr(Schema.String),
  // As it is kept: what another revision has refused is shown all the same.
  reason: Schema.String,
  detail: Schema.String,
  method: Schema.String,
  url: Schema.String,
  size: Schema.NullOr(Schema.Int),
  bodyKept: Schema.Boolean,
  suppressed: Schema.Int,
  receivedAt: Schema.DateTimeUtc,
  acceptedAt: Schema.NullOr(Schema.DateTimeUtc),
  eventId: Schema.NullOr(EventId)
})
export type Rejection = typeof Rejection.Type

/**
 * Headers that are secrets show as `<sealed>`, those that are not kept as `<not kept>`. `obstacle` says why it cannot be
 * accepted; where it is null that is for its signature to say.
 */
export const RejectionDetail = Schema.Struct({
  ...Rejection.fields,
  path: Schema.String,
  headers: Schema.Record({ key: Schema.String, value: Schema.String }),
  acceptable: Schema.Boolean,
  obstacle: Schema.NullOr(Schema.String)
})
export type RejectionDetail = typeof RejectionDetail.Type

const lost: ReadonlyMap<string, string> = new Map<Reason, string>([
  ["integration_unknown", "It named no integration whose secrets could prove it, so its body was not kept."],
  ["body_too_large", "Its body was too large to be read."],
  ["body_too_slow", "Its body did not arrive."],
  ["handshake_refused", "It is a provider's handshake and no event; let the provider ask again."]
])

/** Whether a request refused for this reason may be accepted once the reason is gone. */
export const isRescuable = (reason: string): boolean => !lost.has(reason)

/** The state of its integration now; null where it has none. */
export const IntegrationNow = Schema.NullOr(Schema.Literal("active", "disabled", "deleted"))
export type IntegrationNow = typeof IntegrationNow.Type

/** Why it cannot be accepted, whatever its signature says. */
export const obstacle = (
  { bodyKept, eventId, integration, method, reason }:
    & Pick<Rejection, "reason" | "method" | "bodyKept" | "eventId">
    & { readonly integration: IntegrationNow }
): Option.Option<string> => {
  if (eventId !== null) return Option.some(`It was accepted, as event ${eventId}.`)
  const why = lost.get(reason)
  if (why !== undefined) return Option.some(why)
  if (method !== "POST") return Option.some("Only what is sent with POST is an event.")
  if (!bodyKept) return Option.some("Its body was not kept: it was large, or came with too much else.")
  if (integration === "disabled") return Option.some("Its integration is disabled; enable it first.")
  return integration === "active" ? Option.none() : Option.some("Its integration was deleted.")
}
