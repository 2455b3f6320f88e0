import { Schema } from "effect"
import { DestinationStatus } from "../domain/Destination.ts"
import { Filter } from "../domain/Filter.ts"
import { DestinationId, IntegrationId, SecretId } from "../domain/Ids.ts"
import { CustomResponse, IntegrationStatus } from "../domain/Integration.ts"
import { Override } from "../domain/verification/Naming.ts"

/** An integration's row as this revision knows it. */
const Row = Schema.Struct({
  id: IntegrationId,
  slug: Schema.String,
  status: IntegrationStatus,
  provider: Schema.String,
  options: Schema.Unknown,
  scheme: Schema.Unknown,
  dedupe: Schema.OptionFromNullOr(Override),
  eventType: Schema.OptionFromNullOr(Override),
  response: Schema.OptionFromNullOr(CustomResponse),
  verifyTokenEnvelope: Schema.OptionFromNullOr(Schema.String),
  rateLimitPerMinute: Schema.OptionFromNullOr(Schema.Int),
  secrets: Schema.Array(Schema.Struct({
    id: SecretId,
    envelope: Schema.String,
    validFrom: Schema.Number,
    validUntil: Schema.NullOr(Schema.Number)
  })),
  destinations: Schema.Array(Schema.Struct({ id: DestinationId, status: DestinationStatus, filter: Filter }))
})

/** What is to be known of a row that this revision may not be able to read. */
export const Found = Schema.Struct(
  { slug: Schema.String, status: Schema.String },
  { key: Schema.String, value: Schema.Unknown }
)
/** Strictly: what another revision has added may say how a webhook is to be verified. */
export const decode = Schema.decodeUnknown(Row, { onExcessProperty: "error" })
