import { Config, Effect, Option } from "effect"

const seed = Effect.runSync(Effect.orDie(Config.option(Config.integer("HOSTILE_SEED"))))

/** So many runs of a property; the same ones again with the seed that a failure tells, as HOSTILE_SEED. */
export const runs = (numRuns: number) => ({
  timeout: 60_000,
  // Each run is many requests, and the message shows the one that did harm: there is nothing to shrink.
  fastCheck: { numRuns, endOnFailure: true, ...(Option.isSome(seed) ? { seed: seed.value } : {}) }
})
