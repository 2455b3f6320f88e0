import { Schema } from "effect"
import { Filter, FilterInput } from "./Filter.ts"
import { DestinationId, IntegrationId } from "./Ids.ts"
import { RetryOverrides } from "./RetryPolicy.ts"

export const DestinationStatus = Schema.Literal("active", "paused", "disabled")
export type DestinationStatus = typeof DestinationStatus.Type

export const SignatureNames = Schema.Literal("webhook", "sluice")

export const Destination = Schema.Struct({
  id: DestinationId,
  integrationId: IntegrationId,
  url: Schema.String,
  status: DestinationStatus,
  filter: Filter,
  retryPolicy: RetryOverrides,
  signatureNames: SignatureNames,
  /** Attempts under way at a time, over all workers; null: no limit of its own. */
  concurrency: Schema.NullOr(Schema.Int),
  /** Null: no limit. */
  rateLimitPerMinute: Schema.NullOr(Schema.Int),
  /** `open` while it keeps failing: its deliveries are held, and one at a time tries it. */
  breaker: Schema.Literal("closed", "open"),
  /** While its signing secret is rotated: until when the one before signs too. */
  signingOverlapUntil: Schema.NullOr(Schema.DateTimeUtc),
  createdAt: Schema.DateTimeUtc,
  updatedAt: Schema.DateTimeUtc
})
export type Destination = typeof Destination.Type

const Url = Schema.String.pipe(Schema.maxLength(2_000))
const Concurrency = Schema.NullOr(Schema.Int.pipe(Schema.between(1, 10_000)))
const RateLimit = Schema.NullOr(Schema.Int.pipe(Schema.between(1, 10_000_000)))

/** What an operator says of a new destination. */
export const DestinationInput = Schema.Struct({
  url: Url,
  filter: Schema.optionalWith(FilterInput, { exact: true }),
  retryPolicy: Schema.optionalWith(RetryOverrides, { exact: true }),
  signatureNames: Schema.optionalWith(SignatureNames, { exact: true }),
  concurrency: Schema.optionalWith(Concurrency, { exact: true }),
  rateLimitPerMinute: Schema.optionalWith(RateLimit, { exact: true })
})
export type DestinationInput = typeof DestinationInput.Type

/**
 * What an operator changes of one; what is left out stays, null takes a limit away. A filter and a retry policy are replaced
 * as a whole: what they leave out is as if it had never been said.
 */
export const DestinationPatch = Schema.Struct({
  ...DestinationInput.fields,
  url: Schema.optionalWith(Url, { exact: true }),
  status: Schema.optionalWith(Schema.Literal("active", "disabled"), { exact: true })
})
export type DestinationPatch = typeof DestinationPatch.Type

const maxOverlapSeconds = 2_592_000

/** How long the signing secret before signs beside a new one where nothing else is said. */
export const defaultOverlapSeconds = 86_400

/** How long the signing secret before signs beside a new one; 0: no longer. */
export const SigningRotation = Schema.Struct({
  overlapSeconds: Schema.optionalWith(Schema.Int.pipe(Schema.between(0, maxOverlapSeconds)), { exact: true })
})
export type SigningRotation = typeof SigningRotation.Type
