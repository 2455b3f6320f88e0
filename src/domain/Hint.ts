import { Redacted } from "effect"

// Shorter ones would be told by their end.
const leastLength = 12
const shown = 4

/** What may be shown of a secret, for a person to tell it from others: its last characters, where they tell nothing. */
export const of = (secret: Redacted.Redacted): string => {
  const text = Redacted.value(secret)
  return text.length < leastLength ? "…" : `…${text.slice(-shown)}`
}
