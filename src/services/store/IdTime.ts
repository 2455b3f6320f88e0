import { DateTime, Number } from "effect"

/** Nothing is older or younger than an id can tell, and PostgreSQL knows fewer years than JavaScript. */
export const millisOf = (moment: DateTime.Utc): number =>
  Number.clamp(DateTime.toEpochMillis(moment), { minimum: 0, maximum: 2 ** 48 - 1 })

/** The smallest UUIDv7 of a moment: its first 48 bits are the milliseconds. */
export const firstIdAt = (millis: number): string => {
  const hex = millis.toString(16).padStart(12, "0")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7000-8000-000000000000`
}
