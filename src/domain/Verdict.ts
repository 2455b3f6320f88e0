import { Schema } from "effect"
import { DestinationId, SecretId } from "./Ids.ts"

/**
 * What the gateway would make of a request. `secret` is the one that proved it, as far as it is ever shown; `handshake`
 * says that it would be answered and is no event.
 */
export const Verdict = Schema.Struct({
  verified: Schema.Boolean,
  reason: Schema.NullOr(Schema.String),
  detail: Schema.NullOr(Schema.String),
  secret: Schema.NullOr(Schema.Struct({ id: SecretId, hint: Schema.String })),
  handshake: Schema.NullOr(Schema.Struct({
    provenBy: Schema.Literal("signature", "verify_token", "nothing"),
    status: Schema.Int
  })),
  /** Several where it would be split. */
  events: Schema.Array(Schema.Struct({
    dedupeKey: Schema.String,
    type: Schema.NullOr(Schema.String),
    providerEventId: Schema.NullOr(Schema.String),
    size: Schema.Int,
    /** Those that it would go to. */
    destinationIds: Schema.Array(DestinationId)
  }))
})
export type Verdict = typeof Verdict.Type
