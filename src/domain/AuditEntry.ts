import { Schema } from "effect"

const Fields = Schema.Record({ key: Schema.String, value: Schema.Unknown })

/**
 * Who did what to what. A change carries the fields that it touched, as they were and as they are: null where there was
 * nothing, or is nothing any more. Secrets show as id and hint.
 */
export const AuditEntry = Schema.Struct({
  id: Schema.UUID,
  at: Schema.DateTimeUtc,
  /** The name of the management key, or of the part of the gateway that acted by itself. */
  actor: Schema.String,
  action: Schema.String,
  subjectType: Schema.String,
  subjectId: Schema.NullOr(Schema.String),
  before: Schema.NullOr(Fields),
  after: Schema.NullOr(Fields),
  /** Whatever else is to be known of it. */
  detail: Fields
})
export type AuditEntry = typeof AuditEntry.Type
