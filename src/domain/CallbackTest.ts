import { Schema } from "effect"

const bodyLength = 262_144

/** What a test webhook is to look like: the event type that it names, or its whole body as text, sent as it is. */
export const CallbackTestInput = Schema.Struct({
  type: Schema.optionalWith(Schema.NonEmptyString.pipe(Schema.maxLength(200)), { exact: true }),
  body: Schema.optionalWith(Schema.String.pipe(Schema.maxLength(bodyLength)), { exact: true })
})
export type CallbackTestInput = typeof CallbackTestInput.Type

/** What a destination did with a test webhook. */
export const CallbackTestResult = Schema.Struct({
  outcome: Schema.Literal("success", "failure"),
  httpStatus: Schema.NullOr(Schema.Int),
  durationMs: Schema.Int,
  error: Schema.NullOr(Schema.String),
  /** The beginning of the answer's body; null where there was no answer. */
  responseBody: Schema.NullOr(Schema.String)
})
export type CallbackTestResult = typeof CallbackTestResult.Type
