import type * as HttpApiError from "@effect/platform/HttpApiError"
import type * as Failure from "../Failure.ts"

type Issues = HttpApiError.HttpApiDecodeError["issues"]

// Nobody reads more, and the answer must not be many times the question.
export const max = 100

/** What a schema complains of, for a person: one detail for each path, without what was sent. */
export const of = (issues: Issues): ReadonlyArray<typeof Failure.Detail.Type> => {
  const problems = new Map<string, Array<string>>()
  for (const { message, path } of issues) {
    const at = path.map(String).join(".")
    const known = problems.get(at)
    if (known === undefined && problems.size === max) break
    if (known === undefined) problems.set(at, [withoutValue(message)])
    else known.push(withoutValue(message))
  }
  return [...problems].map(([path, told]) => ({ path, problem: together([...new Set(told)]) }))
}

const expected = "Expected "

// What was sent may be a secret.
const withoutValue = (message: string): string =>
  (message.split(", actual ", 1)[0] ?? "")
    .replace(/^Unable to decode [\s\S]* into /, expected)
    .replace("a DateTime.Utc", "a time such as 2026-01-31T12:00:00Z")

// What may be one of several things is complained of by each of them.
const together = (problems: ReadonlyArray<string>): string =>
  problems.length > 1 && problems.every((_) => _.startsWith(expected))
    ? expected + problems.map((_) => _.slice(expected.length)).join(" or ")
    : problems.join("; ")
