import { Option, Predicate } from "effect"

/** One line for a person when PostgreSQL cannot be reached, or does not let us in. None for any other error. */
export const message = (error: unknown): Option.Option<string> => {
  if (!Predicate.isTagged(error, "SqlError") && !Predicate.isTagged(error, "StoreError")) return Option.none()
  const cause = Predicate.hasProperty(error, "cause") ? error.cause : undefined
  const code = Predicate.hasProperty(cause, "code") ? String(cause.code) : ""
  const said = Predicate.hasProperty(cause, "message") ? String(cause.message) : ""
  return unreachable.test(code) || code === "" && /timeout|terminated/i.test(said)
    ? Option.some(
      `PostgreSQL cannot be used: ${said === "" ? code : said}. Check that it runs and that DATABASE_URL is right.`
    )
    : Option.none()
}

// Node's codes; then PostgreSQL's classes: connection, authorization, no such database, no room, shutting down.
const unreachable = /^(?:E[A-Z_]+|08...|28...|3D000|53...|57...)$/
