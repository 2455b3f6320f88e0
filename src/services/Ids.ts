import { Clock, Effect } from "effect"
import { v7 } from "uuid"

/** A new UUIDv7 of the Clock's time. Its random part is the operating system's: ids of many processes must never meet. */
export const next: Effect.Effect<string> = Effect.map(Clock.currentTimeMillis, (msecs) => v7({ msecs }))

/** A new UUIDv7 of a given time in milliseconds. */
export const at = (msecs: number): string => v7({ msecs })
