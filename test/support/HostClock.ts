import { Clock, Effect } from "effect"

/** The clock of a host that is set now and then; time goes by as it does for everyone. */
export interface HostClock extends Clock.Clock {
  /** By how many milliseconds the host is ahead. */
  readonly set: (ahead: number) => Effect.Effect<void>
}

/** A clock beside another one, which it follows until it is set. */
export const make = (real: Clock.Clock): HostClock => {
  let ahead = 0
  return {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeNanos: () => real.unsafeCurrentTimeNanos(),
    currentTimeNanos: real.currentTimeNanos,
    sleep: (duration) => real.sleep(duration),
    unsafeCurrentTimeMillis: () => real.unsafeCurrentTimeMillis() + ahead,
    currentTimeMillis: Effect.map(real.currentTimeMillis, (now) => now + ahead),
    set: (millis) =>
      Effect.sync(() => {
        ahead = millis
      })
  }
}
