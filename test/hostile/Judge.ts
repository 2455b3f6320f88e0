import { Either, Schema } from "effect"
import type { Answer } from "./Answers.ts"
import { type Exchange, show } from "./Connection.ts"

/** The statuses that tell of a mistake of the client's, and the codes that each may have. */
const codes: Readonly<Record<number, ReadonlyArray<string>>> = {
  400: ["validation_failed"],
  401: ["unauthorized", "signature_invalid"],
  404: ["not_found"],
  408: ["request_timeout"],
  409: ["conflict"],
  413: ["payload_too_large"],
  415: ["unsupported"],
  429: ["rate_limited"],
  431: ["validation_failed"]
}

const Failed = Schema.Struct({
  error: Schema.Struct({
    code: Schema.String,
    message: Schema.NonEmptyString,
    requestId: Schema.UUID,
    details: Schema.optionalWith(Schema.Array(Schema.Struct({ path: Schema.String, problem: Schema.NonEmptyString })), {
      exact: true
    })
  })
})

const decodeFailed = Schema.decodeUnknownEither(Schema.parseJson(Failed), { onExcessProperty: "error" })

/** What only the inside of the gateway says. */
const insides: Readonly<Record<string, RegExp>> = {
  "a stack": /(?:^|\n|\\n)\s*at \S|node_modules|node:internal|\.[jt]s:\d|\b[A-Z]\w*(?:Error|Exception):/,
  "SQL": /\b(?:FROM|INTO|UPDATE|JOIN) (?:events|deliveries|destinations|integrations|rejections)\b|\bLATERAL\b|::uuid/,
  "words of PostgreSQL": /syntax error at|invalid input syntax|violates \w+ constraint|relation "|out of range for type/
}

/** What is wrong with a text that leaves the gateway; `secrets` must not be in it. */
export const leaks = (text: string, secrets: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...Object.entries(insides).flatMap(([what, pattern]) => pattern.test(text) ? [`it shows ${what}`] : []),
  ...secrets.flatMap((secret, index) => text.includes(secret) ? [`it shows the secret ${index}`] : [])
]

/** The headers that answers have; any other was put there by somebody else. */
const headerNames =
  /^(?:connection|content-(?:length|security-policy|type)|date|keep-alive|ratelimit-\w+|retry-after|transfer-encoding|www-authenticate|x-content-type-options)$/

/** What is wrong with an answer. Below 400 its content is its own affair, as long as it gives nothing away. */
export const answer = (
  { headers, status, text }: Answer,
  secrets: ReadonlyArray<string>,
  bare = false
): ReadonlyArray<string> => {
  if (status >= 500) return [`it is a ${status}: ${text}`]
  const given = [
    ...leaks(text, secrets),
    ...[...headers.keys()].flatMap((name) => headerNames.test(name) ? [] : [`it has the header ${name}`])
  ]
  if (status < 400) return given
  // Node's own answer to a request without a host.
  if (text === "" && headers.get("connection") === "close") return given
  if (text === "" && bare) return given
  const failed = decodeFailed(text)
  if (Either.isLeft(failed)) return [...given, `it has not the shape of an error: ${text.slice(0, 500)}`]
  const known = codes[status]?.includes(failed.right.error.code) ?? false
  return known ? given : [...given, `${status} and ${failed.right.error.code} do not belong together`]
}

/** What is wrong with all that came back on a connection. */
export const exchange = (exchange: Exchange, secrets: ReadonlyArray<string>): ReadonlyArray<string> => {
  const problems = [
    ...exchange.answers.flatMap((_) => answer(_, secrets, exchange.bare)),
    ...(exchange.closed ? [] : ["the connection was left open"]),
    ...(exchange.rest === "" ? [] : [`what came is no HTTP: ${JSON.stringify(exchange.rest.slice(0, 500))}`])
  ]
  return problems.map((problem) => `${problem}\n  after ${show(exchange.sent)}`)
}

const Line = Schema.parseJson(Schema.Struct({ logLevel: Schema.String }))
const decodeLine = Schema.decodeUnknownEither(Line)

/** What is wrong with a line of the log: one JSON object, nothing that could be taken for another line, no failure. */
export const logLine = (line: string, secrets: ReadonlyArray<string>): ReadonlyArray<string> => {
  const decoded = decodeLine(line)
  const problems = [
    ...([...line].some((character) => character < " ") ? ["it holds control characters"] : []),
    ...secrets.flatMap((secret, index) => line.includes(secret) ? [`it shows the secret ${index}`] : []),
    ...(Either.isLeft(decoded) ? ["it is not one JSON object"] : []),
    ...(Either.isRight(decoded) && /^(?:ERROR|FATAL)$/.test(decoded.right.logLevel) ? ["it tells of a failure"] : [])
  ]
  return problems.map((problem) => `${problem}: ${line.slice(0, 1_000)}`)
}
