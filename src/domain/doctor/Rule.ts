import { Schema } from "effect"

/** `critical`: webhooks are not delivered, or the record of them is wrong. `warning`: it may come to that. */
export const Severity = Schema.Literal("critical", "warning")
export type Severity = typeof Severity.Type

/** What must hold in a healthy system. `meaning` and `advice` are for a person whose sleep it has cost. */
export const Rule = Schema.Struct({
  id: Schema.String,
  /** What there is none of, in a few words. */
  title: Schema.String,
  severity: Severity,
  meaning: Schema.String,
  advice: Schema.String
})
export type Rule = typeof Rule.Type

/** One thing that breaks a rule: its id or name, and what about it is wrong. */
export const Subject = Schema.Struct({ subject: Schema.String, detail: Schema.String })
export type Subject = typeof Subject.Type

/** What breaks a rule. `atLeast`: counting stopped there. */
export const Found = Schema.Struct({
  count: Schema.Int,
  atLeast: Schema.Boolean,
  examples: Schema.Array(Subject)
})
export type Found = typeof Found.Type
