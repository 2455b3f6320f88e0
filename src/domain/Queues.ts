import type * as Rungs from "./Rungs.ts"

export interface QueueNames {
  readonly process: string
  /** The prefix of the rungs' names. */
  readonly retry: string
  readonly replay: string
  readonly deadLetter: string
}

export interface Rung {
  readonly name: string
  readonly delayMs: number
}

/** Every queue of the gateway. What waits in a rung moves to the process queue when its delay is over. */
export interface Queues {
  readonly process: string
  readonly replay: string
  readonly deadLetter: string
  readonly rungs: readonly [shortest: Rung, ...longer: Array<Rung>]
  /** The name of the rung with a delay. */
  readonly rung: (delayMs: number) => string
}

export const make = (names: QueueNames, [shortest, ...longer]: Rungs.Rungs): Queues => {
  // A queue's arguments cannot be changed, so the delay is part of the name.
  const name = (delayMs: number) => `${names.retry}.${delayMs}`
  const rung = (delayMs: number): Rung => ({ name: name(delayMs), delayMs })
  return {
    process: names.process,
    replay: names.replay,
    deadLetter: names.deadLetter,
    rungs: [rung(shortest), ...longer.map(rung)],
    rung: name
  }
}
