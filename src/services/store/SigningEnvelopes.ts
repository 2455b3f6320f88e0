import type { SqlClient, Statement } from "@effect/sql"
import { Schema } from "effect"

/** The envelopes of the secrets that a destination signs by, under the place `signing:{id}`. */
export const SigningEnvelopes = Schema.Struct({
  signingEnvelope: Schema.String,
  /** While it is rotated: the one that comes next, and signs too. */
  nextSigningEnvelope: Schema.NullOr(Schema.String)
})
export type SigningEnvelopes = typeof SigningEnvelopes.Type

/** The columns of a table `destination` that make them. */
export const columns = (sql: SqlClient.SqlClient): Statement.Fragment =>
  sql`
    CASE WHEN destination.signing_overlap_until <= now() THEN destination.next_signing_envelope
      ELSE destination.signing_envelope END AS "signingEnvelope",
    CASE WHEN destination.signing_overlap_until > now() THEN destination.next_signing_envelope END
      AS "nextSigningEnvelope"`

/** All of them: the one that receivers have known longer comes first. */
export const all = ({ nextSigningEnvelope, signingEnvelope }: SigningEnvelopes): ReadonlyArray<string> =>
  nextSigningEnvelope === null ? [signingEnvelope] : [signingEnvelope, nextSigningEnvelope]
