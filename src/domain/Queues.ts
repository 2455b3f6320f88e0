import type * as Rungs from "./Rungs.ts"

export interface QueueNames {
  readonly process: string
  /** Also the prefix of the rungs' names. */
  readonly retry: string
  readonly replay: string
  readonly deadLetter: string
}

export interface Rung {
  readonly name: string
  readonly delayMs: number
}

/**
 * Every queue of the gateway. New events go through the process queue; whatever comes again goes through the retry queue, so
 * that no storm of retries, released or replayed deliveries stands before them.
 */
export interface Queues {
  readonly process: string
  /** Deliveries that come again; what waits in a rung moves here when its delay is over. */
  readonly retry: string
  readonly replay: string
  readonly deadLetter: string
  readonly rungs: readonly [shortest: Rung, ...longer: Array<Rung>]
  /** The name of the rung with a delay. */
  readonly rung: (delayMs: number) => string
}

export const make = (
  { deadLetter, process, replay, retry }: QueueNames,
  [shortest, ...longer]: Rungs.Rungs
): Queues => {
  // A queue's arguments cannot be changed, so the delay is part of the name.
  const name = (delayMs: number) => `${retry}.${delayMs}`
  const rung = (delayMs: number): Rung => ({ name: name(delayMs), delayMs })
  return {
    process,
    retry,
    replay,
    deadLetter,
    rungs: [rung(shortest), ...longer.map(rung)],
    rung: name
  }
}

/** All of their names. */
export const names = ({ deadLetter, process, replay, retry, rungs }: Queues): ReadonlyArray<string> => [
  process,
  retry,
  replay,
  deadLetter,
  ...rungs.map(({ name }) => name)
]
