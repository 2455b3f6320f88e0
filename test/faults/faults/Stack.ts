import { Effect, type Scope } from "effect"

interface Entry<State> {
  readonly state: State
}

/** Brings a target from one state into another. */
export type Change<State> = (to: State, from: State) => Effect.Effect<void>

/**
 * States that targets are in for the life of a scope. Of several that are on at once the newest counts, and the end of one
 * is not the end of another; where none is on, a target rests.
 */
export const make = <State>(rest: State) => {
  const stacks = new Map<unknown, { entries: ReadonlyArray<Entry<State>>; readonly turn: Effect.Semaphore }>()
  const stackOf = (target: unknown) => {
    const stack = stacks.get(target) ?? { entries: [], turn: Effect.unsafeMakeSemaphore(1) }
    stacks.set(target, stack)
    return stack
  }
  const resting: Entry<State> = { state: rest }

  return (target: unknown, state: State, change: Change<State>): Effect.Effect<void, never, Scope.Scope> => {
    const stack = stackOf(target)
    const entry: Entry<State> = { state }
    const become = (to: (entries: ReadonlyArray<Entry<State>>) => ReadonlyArray<Entry<State>>) =>
      Effect.suspend(() => {
        const before = stack.entries.at(-1) ?? resting
        stack.entries = to(stack.entries)
        const after = stack.entries.at(-1) ?? resting
        return before === after ? Effect.void : change(after.state, before.state)
      }).pipe(stack.turn.withPermits(1))
    return Effect.acquireRelease(
      become((entries) => [...entries, entry]),
      () => become((entries) => entries.filter((_) => _ !== entry))
    )
  }
}
