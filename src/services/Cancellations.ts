import { Context, Effect, Layer, Option, Ref } from "effect"
import { CancelStore, noDeletions } from "./store/CancelStore.ts"
import type { StoreError } from "./store/Store.ts"
import { type Place, start } from "./store/SweepStore.ts"

/**
 * Cancels what waits for destinations that are deleted, however long its retry is away. What is held `Releases` cancels; what
 * comes to its turn meanwhile the claim cancels.
 */
export class Cancellations extends Context.Tag("sluice/services/Cancellations")<Cancellations, {
  /** One bounded round of a walk through everything that is due, now or later; nothing where nobody deleted anything since. */
  readonly proceed: Effect.Effect<void, StoreError>
}>() {
  static readonly layer = Layer.effect(Cancellations, Effect.suspend(() => make))
}

const perStep = 500
const stepsPerRound = 50

interface Progress {
  /** The deletions whose deliveries are all cancelled. */
  readonly done: string
  /** A walk that goes on: for which deletions, and from where. */
  readonly walk: Option.Option<{ readonly deletions: string; readonly from: Place }>
}

const make = Effect.gen(function*() {
  const store = yield* CancelStore
  const progress = yield* Ref.make<Progress>({ done: noDeletions, walk: Option.none() })

  const next = Effect.gen(function*() {
    const { done, walk } = yield* Ref.get(progress)
    if (Option.isSome(walk)) return walk
    const deletions = yield* store.deletions
    return deletions === done ? Option.none() : Option.some({ deletions, from: start })
  })

  return Cancellations.of({
    proceed: Effect.gen(function*() {
      const walk = yield* next
      if (Option.isNone(walk)) return
      const { deletions } = walk.value
      let { from } = walk.value
      let cancelled = 0
      let end = false
      for (let steps = 0; steps < stepsPerRound && !end; steps++) {
        const step = yield* store.step(from, perStep)
        from = step.reached
        end = step.end
        cancelled += step.cancelled
      }
      if (cancelled > 0) yield* Effect.logInfo("Deliveries of deleted destinations were cancelled", { cancelled })
      yield* Ref.update(
        progress,
        ({ done }): Progress =>
          end ? { done: deletions, walk: Option.none() } : { done, walk: Option.some({ deletions, from }) }
      )
    }).pipe(Effect.withSpan("Cancellations.proceed"))
  })
})
