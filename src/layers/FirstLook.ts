import { Effect, Layer } from "effect"
import { Health } from "../services/Health.ts"

/** Says at the start what is wrong with PostgreSQL, and what that means, which otherwise only the health routes tell. */
export const layer = (consequence: string) =>
  Layer.scopedDiscard(Effect.forkScoped(
    Effect.gen(function*() {
      const { error } = yield* (yield* Health).ready
      if (error !== undefined) yield* Effect.logWarning(consequence, { postgres: error })
    })
  ))
