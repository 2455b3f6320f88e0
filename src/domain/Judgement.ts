import { DateTime, Duration, Option } from "effect"

/** What became of one call of a callback. */
export type Outcome =
  | {
    readonly _tag: "Answered"
    readonly status: number
    readonly retryAfter: Option.Option<string>
    /** The beginning of the answer's body as text. */
    readonly body: string
  }
  | { readonly _tag: "Failed"; readonly reason: FailureReason; readonly message: string }

export type FailureReason =
  | "timeout"
  | "connection"
  | "dns"
  | "tls"
  | "address_refused"
  | "secret_unreadable"
  | "content_missing"

/** What follows from it. `Gone`: the callback wants nothing any more. `notBefore` is the callback's own wish. */
export type Verdict =
  | { readonly _tag: "Delivered" }
  | { readonly _tag: "Gone" }
  | { readonly _tag: "Hopeless" }
  | { readonly _tag: "Retry"; readonly notBefore: Option.Option<Duration.Duration> }

/** `now` in milliseconds, for a `Retry-After` that names a date. */
export const judge = (outcome: Outcome, now: number): Verdict => {
  if (outcome._tag === "Failed") {
    return outcome.reason === "content_missing" ? { _tag: "Hopeless" } : { _tag: "Retry", notBefore: Option.none() }
  }
  if (outcome.status >= 200 && outcome.status < 300) return { _tag: "Delivered" }
  if (outcome.status === 410) return { _tag: "Gone" }
  const heeded = outcome.status === 429 || outcome.status === 503
  return {
    _tag: "Retry",
    notBefore: heeded ? Option.flatMap(outcome.retryAfter, (_) => retryAfter(_, now)) : Option.none()
  }
}

/** Whether it speaks against the destination. What fails before the call does not. */
export const blames = (outcome: Outcome): boolean =>
  outcome._tag === "Failed"
    ? outcome.reason !== "secret_unreadable" && outcome.reason !== "content_missing"
    : outcome.status < 200 || outcome.status >= 300

/** One line that says why an attempt failed; none when it did not. */
export const problem = (outcome: Outcome): Option.Option<string> => {
  if (outcome._tag === "Failed") return Option.some(`${outcome.reason}: ${outcome.message}`)
  return outcome.status >= 200 && outcome.status < 300 ? Option.none() : Option.some(`HTTP ${outcome.status}`)
}

/** What came of it in a word: the class of the answer's status, such as `5xx`, or why there was no answer. */
export const result = (outcome: Outcome): string =>
  outcome._tag === "Answered" ? `${Math.floor(outcome.status / 100)}xx` : outcome.reason

const retryAfter = (text: string, now: number): Option.Option<Duration.Duration> => {
  if (/^\d+$/.test(text)) return Option.some(Duration.seconds(Number(text)))
  if (!httpDate.test(text)) return Option.none()
  return Option.map(
    DateTime.make(new Date(text)),
    (at) => Duration.millis(Math.max(0, DateTime.toEpochMillis(at) - now))
  )
}

// RFC 9110, 5.6.7: today's form, and the older one. JavaScript itself finds a date in almost any text with a number.
const httpDate = /^[A-Z][a-z]{2,8}, \d{2}[ -][A-Z][a-z]{2}[ -](?:\d{4}|\d{2}) \d{2}:\d{2}:\d{2} GMT$/
