import { Clock, Effect } from "effect"
import * as Elapsed from "./Elapsed.ts"

/** The database's clock, as this process knows it from answers that told the time. */
export interface DatabaseTime {
  /** Learns from an answer that holds the database's `now` in milliseconds since the epoch. */
  readonly observe: <A extends { readonly now: number }, E>(
    read: Effect.Effect<A | undefined, E>
  ) => Effect.Effect<A | undefined, E>
  /** Milliseconds since the epoch; this process's own clock until something was observed. */
  readonly now: Effect.Effect<number>
  /** How far off `now` may be to either side, in milliseconds. */
  readonly doubt: () => number
}

export const make = (): DatabaseTime => {
  let known = { ahead: 0, doubt: 0 }
  return {
    observe: (read) =>
      Effect.gen(function*() {
        const before = yield* Elapsed.millis
        const row = yield* read
        if (row === undefined) return row
        // The database told the time somewhere on the way there and back.
        const doubt = ((yield* Elapsed.millis) - before) / 2
        known = { ahead: row.now + doubt - (yield* Clock.currentTimeMillis), doubt }
        return row
      }),
    now: Effect.map(Clock.currentTimeMillis, (now) => now + known.ahead),
    doubt: () => known.doubt
  }
}
