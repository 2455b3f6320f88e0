import { Duration } from "effect"
import type { Verdict } from "./Checker.ts"
import type { Mutant } from "./Options.ts"
import type { Trouble } from "./Plan.ts"

/** What shows that something is missing: faults that need it, and what the checker says where it is not there. */
export interface Proof {
  readonly plan: ReadonlyArray<Trouble>
  readonly seconds: number
  readonly rate: number
  /** What the checker reports of the mutant, in words. */
  readonly shown: string
  readonly isShown: (verdict: Verdict) => boolean
}

const rate = 60

/** Longer than the sweeper takes to find what was lost. */
export const patience = Duration.seconds(75)

const every = (seconds: ReadonlyArray<number>, trouble: Omit<Trouble, "at">): ReadonlyArray<Trouble> =>
  seconds.map((at) => ({ at, ...trouble }))

export const proofs: Readonly<Record<Mutant, Proof>> = {
  // Retries wait in their rungs, and are gone.
  "sweeper": {
    plan: [
      { at: 0, kind: "callback-reset", target: "ledger", seconds: 12 },
      { at: 0, kind: "callback-reset", target: "mail", seconds: 12 },
      ...every([4, 7, 10], { kind: "rabbitmq-purge", target: "retry", seconds: 0 })
    ],
    seconds: 15,
    rate,
    shown: "stuck or lost",
    isShown: ({ lost, stuck }) => lost.length + stuck.length > 0
  },
  "fence": {
    plan: [
      { at: 0, kind: "callback-slow", target: "ledger", seconds: 12 },
      ...every([2, 8], { kind: "rabbitmq-copies", target: "process", seconds: 4 })
    ],
    seconds: 15,
    rate,
    shown: "delivered twice and unexplained, or attempts miscounted",
    isShown: ({ miscounted, repeats }) => miscounted.length + repeats.unexplained.length > 0
  },
  // Redis forgets the locks, so the lease alone keeps a second worker from what a first one is at.
  "lease": {
    plan: [
      { at: 0, kind: "callback-slow", target: "ledger", seconds: 14 },
      { at: 0, kind: "callback-slow", target: "mail", seconds: 14 },
      { at: 0, kind: "rabbitmq-copies", target: "process", seconds: 14 },
      ...every([2, 4, 6, 8, 10, 12], { kind: "redis-restart", target: "redis", seconds: 0 })
    ],
    seconds: 15,
    rate,
    shown: "delivered twice and unexplained, or attempts miscounted",
    isShown: ({ miscounted, repeats }) => miscounted.length + repeats.unexplained.length > 0
  },
  // What is on its way when the broker is killed never gets there.
  "confirms": {
    plan: every([2, 8, 14], { kind: "rabbitmq-kill", target: "rabbitmq", seconds: 2 }),
    seconds: 18,
    rate,
    shown: "queued messages lost",
    isShown: ({ lostMessages }) => lostMessages.length > 0
  },
  // One worker's lock lapses while it cannot speak, another takes it, and then the first one speaks.
  "lock-token": {
    plan: [
      { at: 0, kind: "callback-slow", target: "ledger", seconds: 25 },
      { at: 0, kind: "callback-slow", target: "mail", seconds: 25 },
      { at: 0, kind: "callback-slow", target: "billing", seconds: 25 },
      { at: 1, kind: "rabbitmq-copies", target: "process", seconds: 25 },
      ...every([3, 9, 15, 21], { kind: "freeze", target: "worker-1", seconds: 4 })
    ],
    seconds: 28,
    rate,
    shown: "locks broken",
    isShown: ({ brokenLocks }) => brokenLocks.length > 0
  }
}
