import { Schema } from "effect"
import { Destination, DestinationInput } from "./Destination.ts"
import { optional } from "./Fields.ts"
import { IntegrationId, SecretId } from "./Ids.ts"
import { Options } from "./providers/Provider.ts"
import { ProviderId } from "./providers/Providers.ts"
import { Override } from "./verification/Naming.ts"
import { Response, Scheme } from "./verification/Scheme.ts"

export const IntegrationStatus = Schema.Literal("active", "disabled")
export type IntegrationStatus = typeof IntegrationStatus.Type

/** A name for URLs. It never has the form of an id, so that either finds the integration. */
export const Slug = Schema.String.pipe(
  Schema.filter((slug) =>
    /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/.test(slug) && !isUuid(slug) ||
    "a slug of 1 to 64 lower-case letters, digits and inner hyphens, not of the form of an id"
  )
)

const isUuid = Schema.is(Schema.UUID)

export const CustomResponse = Response
export type CustomResponse = typeof CustomResponse.Type

/** A secret as it is shown: never more than its last four characters. */
export const SecretInfo = Schema.Struct({
  id: SecretId,
  hint: Schema.String,
  validFrom: Schema.DateTimeUtc,
  validUntil: Schema.NullOr(Schema.DateTimeUtc)
})
export type SecretInfo = typeof SecretInfo.Type

export const Integration = Schema.Struct({
  id: IntegrationId,
  slug: Schema.String,
  name: Schema.String,
  // As they are kept: what another revision has made is shown and counted all the same.
  provider: Schema.String,
  options: Schema.Record({ key: Schema.String, value: Schema.Unknown }),
  /** Of the provider `custom` alone. */
  scheme: Schema.NullOr(Schema.Unknown),
  status: IntegrationStatus,
  /** Null: no limit. */
  rateLimitPerMinute: Schema.NullOr(Schema.Int),
  /** Where the dedupe key stands, before the provider's own choice. */
  dedupe: Schema.NullOr(Schema.Unknown),
  /** Where the event type stands, before the provider's own choice. */
  eventType: Schema.NullOr(Schema.Unknown),
  response: Schema.NullOr(Schema.Unknown),
  secrets: Schema.Array(SecretInfo),
  hasVerifyToken: Schema.Boolean,
  destinations: Schema.Array(Destination),
  createdAt: Schema.DateTimeUtc,
  updatedAt: Schema.DateTimeUtc
})
export type Integration = typeof Integration.Type

const Name = Schema.Trim.pipe(Schema.minLength(1), Schema.maxLength(200))
// What nothing is said of is `default`: the gateway's own limit.
const RateLimit = Schema.Union(Schema.Literal("default"), Schema.NullOr(Schema.Int.pipe(Schema.between(1, 10_000_000))))

const message = () => "Expected a text of 1 to 1000 characters, actual <redacted>"

/** A secret on its way in. What a message about it may show is `<redacted>`. */
export const SecretInput = Schema.Redacted(
  Schema.String.annotations({ message }).pipe(Schema.minLength(1, { message }), Schema.maxLength(1_000, { message }))
)

/** How many secrets an integration may have, with those that are over. */
export const maxSecrets = 10

/** What an operator says of a new integration. `callbackUrl` makes its first destination; `scheme` is for `custom` alone. */
export const IntegrationInput = Schema.Struct({
  slug: Slug,
  name: Name,
  provider: ProviderId,
  secrets: Schema.optionalWith(Schema.Array(SecretInput).pipe(Schema.maxItems(maxSecrets)), {
    default: () => [],
    exact: true
  }),
  verifyToken: optional(SecretInput),
  callbackUrl: optional(DestinationInput.fields.url),
  options: optional(Options),
  scheme: optional(Scheme),
  rateLimitPerMinute: optional(RateLimit),
  dedupe: optional(Override),
  eventType: optional(Override),
  response: optional(CustomResponse)
})
export type IntegrationInput = typeof IntegrationInput.Type

/** What an operator changes of one; what is left out stays, null takes it away. */
export const IntegrationPatch = Schema.Struct({
  slug: optional(Slug),
  name: optional(Name),
  status: optional(IntegrationStatus),
  rateLimitPerMinute: optional(RateLimit),
  dedupe: optional(Schema.NullOr(Override)),
  eventType: optional(Schema.NullOr(Override)),
  response: optional(Schema.NullOr(CustomResponse)),
  verifyToken: optional(Schema.NullOr(SecretInput)),
  /** All of them: those that are left out are the provider's own choice again. */
  options: optional(Options),
  scheme: optional(Scheme)
})
export type IntegrationPatch = typeof IntegrationPatch.Type
