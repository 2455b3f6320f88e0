import { Duration } from "effect"
import type { Settings } from "./Settings.ts"

/** How long what is under way may look as if it were stuck, before the doctor calls it so. */
export interface Graces {
  /** How far before the sweeper's marker a message, a retry or a lease must have been over and done with. */
  readonly beforeMarker: Duration.Duration
  readonly pending: Duration.Duration
  readonly retry: Duration.Duration
  /** How long a queued delivery may be in a worker's hand, where no queue holds its message. */
  readonly inHand: Duration.Duration
  /** Wide, because a destination at its limit gets what is held for it little by little. */
  readonly held: Duration.Duration
  readonly replay: Duration.Duration
  readonly leader: Duration.Duration
  /** How long a marker may take through empty queues, and through those with messages before it. */
  readonly marker: Duration.Duration
  readonly markerInBacklog: Duration.Duration
  /** How long ago a replay's stale messages may still wait in a rung. */
  readonly stale: Duration.Duration
}

/** What takes as long as there is work before it gets so many times the slack. */
const slacksForBacklog = 12

/** From what the protocol needs at most, and a slack for a system that is busy. */
export const make = (
  { deliveryTimeout, lockTtl, queues, sweep }: Pick<
    typeof Settings.Service,
    "deliveryTimeout" | "lockTtl" | "queues" | "sweep"
  >,
  slack: Duration.Duration
): Graces => {
  const allowing = (...durations: ReadonlyArray<Duration.Duration>) => durations.reduce(Duration.sum, slack)
  const backlog = Duration.times(slack, slacksForBacklog)
  const longestDelay = Math.max(...queues.rungs.map((_) => _.delayMs))
  return {
    beforeMarker: slack,
    pending: allowing(sweep.grace, sweep.every),
    retry: allowing(sweep.retrySlack),
    inHand: allowing(lockTtl, deliveryTimeout),
    held: backlog,
    replay: allowing(sweep.grace, sweep.every),
    leader: allowing(sweep.every),
    marker: allowing(sweep.markerPatience),
    markerInBacklog: Duration.sum(sweep.markerPatience, backlog),
    stale: allowing(Duration.millis(longestDelay))
  }
}
