import { Clock, Effect } from "effect"
import { randomInt } from "node:crypto"
import { v7 } from "uuid"

const latest = { msecs: -1, seq: 0 }
// Half of what a UUIDv7's sequence holds, so that it has as much room to go up.
const firstSeqs = 2 ** 31

/**
 * A new UUIDv7 of the Clock's time; those of one millisecond go up. Its random part is the operating system's: ids of many
 * processes must never meet.
 */
export const next: Effect.Effect<string> = Clock.clockWith((clock) => Effect.sync(() => unsafeNext(clock)))

export const unsafeNext = (clock: Clock.Clock): string => {
  const msecs = clock.unsafeCurrentTimeMillis()
  latest.seq = msecs === latest.msecs ? latest.seq + 1 : randomInt(firstSeqs)
  latest.msecs = msecs
  return v7(latest)
}

/** A new UUIDv7 of a given time in milliseconds. */
export const at = (msecs: number): string => v7({ msecs })
