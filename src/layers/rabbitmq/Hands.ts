import { type Effect, Exit, Option } from "effect"
import type { Handlers } from "../InHand.ts"

/** What is done about a message. `failed` is called once where it ends before its end, interrupted mostly. */
export interface Work {
  readonly handling: Effect.Effect<void>
  readonly failed: () => void
}

/** Begins work in a fiber of its own: now, or when there is room for it. None: it is not wanted any more by then. */
export type Begin = (work: () => Option.Option<Work>) => void

/**
 * So many messages in hand at a time, in the order in which they came. A semaphore and a finalizer would cost each message more
 * than the rest of its way through here.
 */
export const make = ({ run }: Handlers, most: number): Begin => {
  const waiting: Array<() => Option.Option<Work>> = []
  let inHand = 0

  const start = ({ failed, handling }: Work): void => {
    inHand += 1
    run(handling).addObserver((exit) => {
      inHand -= 1
      if (Exit.isFailure(exit)) failed()
      startNext()
    })
  }
  // Work that ends at once comes back here from within.
  let isStarting = false
  const startNext = (): void => {
    if (isStarting) return
    isStarting = true
    while (true) {
      const next = inHand < most ? waiting.shift() : undefined
      if (next === undefined) break
      Option.map(next(), start)
    }
    isStarting = false
  }
  return (work) => {
    waiting.push(work)
    startNext()
  }
}
