import { Data, Either, Schema } from "effect"

/** Why a request was not believed. */
export const Reason = Schema.Literal(
  "secret_missing",
  "signature_missing",
  "signature_repeated",
  "signature_malformed",
  "signature_mismatch",
  "timestamp_missing",
  "timestamp_malformed",
  "timestamp_too_old",
  "timestamp_too_far_ahead",
  "id_missing",
  "signed_value_missing",
  "body_hash_mismatch",
  "certificate_refused",
  "handshake_refused"
)
export type Reason = typeof Reason.Type

/** `detail` is for a person and holds nothing secret. It has no stack: whoever forges signatures would have one made each time. */
export class Refusal extends Data.TaggedClass("Refusal")<{ readonly reason: Reason; readonly detail: string }> {}

export const refuse = (reason: Reason, detail: string): Either.Either<never, Refusal> =>
  Either.left(new Refusal({ reason, detail }))
