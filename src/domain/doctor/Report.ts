import { type DateTime, Either, Schema } from "effect"
import { Found, Rule } from "./Rule.ts"

/** A rule and what came of it. `skipped` says why it was not looked at. */
export const Outcome = Schema.Struct({
  ...Rule.fields,
  result: Schema.Literal("ok", "found", "skipped"),
  ...Found.fields,
  skipped: Schema.NullOr(Schema.String)
})
export type Outcome = typeof Outcome.Type

/** `hidden`: it lives in another process's memory. `problem` says why it was not seen. */
export const Server = Schema.Struct({
  status: Schema.Literal("seen", "away", "hidden"),
  problem: Schema.NullOr(Schema.String)
})
export type Server = typeof Server.Type

/** `incomplete`: a server was away, so that not everything was looked at. */
export const Report = Schema.Struct({
  status: Schema.Literal("healthy", "findings", "incomplete"),
  examinedAt: Schema.DateTimeUtc,
  servers: Schema.Struct({ postgres: Server, rabbitmq: Server }),
  rules: Schema.Array(Outcome)
})
export type Report = typeof Report.Type

export const seen: Server = { status: "seen", problem: null }
export const away = (problem: string): Server => ({ status: "away", problem })
export const hidden = (problem: string): Server => ({ status: "hidden", problem })

/** What came of a rule: what breaks it, or why it was not looked at. */
export const outcome = (
  { advice, id, meaning, severity, title }: Rule,
  looked: Either.Either<Found, string>
): Outcome => ({
  id,
  title,
  severity,
  meaning,
  advice,
  ...Either.match(looked, {
    onLeft: (skipped) => ({ result: "skipped" as const, count: 0, atLeast: false, examples: [], skipped }),
    onRight: (found) => ({ result: found.count > 0 ? "found" as const : "ok" as const, ...found, skipped: null })
  })
})

export const make = (
  examinedAt: DateTime.Utc,
  servers: Report["servers"],
  rules: ReadonlyArray<Outcome>
): Report => ({ status: statusOf(servers, rules), examinedAt, servers, rules })

/** For who started it: 0 healthy, 1 findings, 2 could not look at everything. */
export const exitCode = ({ status }: Report): number => exitCodes[status]

const exitCodes = { healthy: 0, findings: 1, incomplete: 2 } as const

const statusOf = ({ postgres, rabbitmq }: Report["servers"], rules: ReadonlyArray<Outcome>): Report["status"] => {
  if (postgres.status === "away" || rabbitmq.status === "away") return "incomplete"
  return rules.some(({ result }) => result === "found") ? "findings" : "healthy"
}
