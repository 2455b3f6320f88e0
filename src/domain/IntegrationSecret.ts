import { DateTime, Schema } from "effect"
import { optional } from "./Fields.ts"
import { SecretInput } from "./Integration.ts"

const first = DateTime.unsafeMake("1970-01-01T00:00:00Z")
const last = DateTime.unsafeMake("9999-12-31T23:59:59Z")

// PostgreSQL knows fewer years than JavaScript.
const Moment = Schema.DateTimeUtc.pipe(
  Schema.filter((moment) => DateTime.between(moment, { minimum: first, maximum: last }) || "a time from 1970 to 9999")
)

/**
 * What an operator says of another secret of an integration. It is valid from now on, for ever, unless said otherwise;
 * `expireOthersAt` ends all others then, so that one call rotates with an overlap. A time that has passed means now.
 */
export const SecretAddition = Schema.Struct({
  secret: SecretInput,
  validFrom: optional(Moment),
  validUntil: optional(Moment),
  expireOthersAt: optional(Moment)
})
export type SecretAddition = typeof SecretAddition.Type

/** What an operator changes of one: when it ends. Null: it does not; a time that has passed means now. */
export const SecretPatch = Schema.Struct({ validUntil: Schema.NullOr(Moment) })
export type SecretPatch = typeof SecretPatch.Type
