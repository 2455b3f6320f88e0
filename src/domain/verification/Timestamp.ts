import { DateTime, Either, Option } from "effect"
import { type Refusal, refuse } from "./Refusal.ts"
import type { Timestamp } from "./Scheme.ts"
import { describe, find, type Place } from "./Source.ts"

/**
 * The timestamp as it was sent, once it is found to lie close enough to the receipt. A scheme without a timestamp
 * yields the empty text.
 */
export const check = (
  timestamp: Option.Option<Timestamp>,
  place: Place
): Either.Either<string, Refusal> => {
  if (Option.isNone(timestamp)) return Either.right("")
  const { at, maxAge, maxAhead, unit } = timestamp.value
  const text = find(at, place)
  if (Option.isNone(text)) {
    return refuse("timestamp_missing", `The ${describe(at)} is missing, which is the timestamp, or was sent twice.`)
  }
  const signedAt = millis(text.value, unit)
  if (Option.isNone(signedAt)) {
    return refuse(
      "timestamp_malformed",
      `The timestamp is not ${unit === "iso" ? "an ISO-8601 time" : `a number of ${unit}`}.`
    )
  }
  const age = (place.request.receivedAt - signedAt.value) / 1_000
  if (age > maxAge) {
    return refuse(
      "timestamp_too_old",
      `It was signed ${Math.round(age)} s before it came in; at most ${maxAge} s are accepted.`
    )
  }
  if (-age > maxAhead) {
    return refuse(
      "timestamp_too_far_ahead",
      `It was signed ${Math.round(-age)} s ahead of the database's clock; at most ${maxAhead} s are accepted.`
    )
  }
  return Either.right(text.value)
}

// Whole, and with its zone: what is left open could be moved between the timestamp and what follows it.
const isoTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})$/

const millis = (text: string, unit: Timestamp["unit"]): Option.Option<number> => {
  if (unit === "iso") {
    return isoTime.test(text) ? Option.map(DateTime.make(text), DateTime.toEpochMillis) : Option.none()
  }
  return /^\d{1,15}$/.test(text) ? Option.some(Number(text) * (unit === "seconds" ? 1_000 : 1)) : Option.none()
}
