import { Effect } from "effect"
import * as Elapsed from "./Elapsed.ts"

/** The database's clock, as this process knows it from answers that told the time. */
export interface DatabaseTime {
  /** Learns from an answer that holds the database's `now` in milliseconds since the epoch. */
  readonly observe: <A extends { readonly now: number }, E>(
    read: Effect.Effect<A | undefined, E>
  ) => Effect.Effect<A | undefined, E>
  /** Milliseconds since the epoch; this process's own clock until something was observed, and never again after it. */
  readonly now: () => number
  /** How far off `now` may be to either side, in milliseconds. */
  readonly doubt: () => number
}

interface Known {
  /** What the database's clock shows when `Elapsed` is zero. */
  readonly origin: number
  readonly doubt: number
}

export const make: Effect.Effect<DatabaseTime> = Effect.zipWith(Effect.clock, Elapsed.reader, (clock, elapsed) => {
  let known: Known | undefined
  return {
    observe: (read) =>
      Effect.gen(function*() {
        const before = elapsed()
        const row = yield* read
        if (row === undefined) return row
        // The database told the time somewhere on the way there and back.
        const doubt = (elapsed() - before) / 2
        const told: Known = { origin: row.now - before - doubt, doubt }
        if (known === undefined || !knowsBetter(known, told)) known = told
        return row
      }),
    now: () => known === undefined ? clock.unsafeCurrentTimeMillis() : known.origin + elapsed(),
    doubt: () => known?.doubt ?? 0
  }
})

/** A slow answer that does not contradict a quick one tells nothing new. */
const knowsBetter = (known: Known, told: Known): boolean =>
  known.doubt < told.doubt && Math.abs(known.origin - told.origin) <= told.doubt
