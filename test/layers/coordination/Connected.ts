import { Effect, Either, Layer, Redacted } from "effect"
import * as RedisCoordination from "../../../src/layers/RedisCoordination.ts"
import { Coordination } from "../../../src/services/ports/Coordination.ts"
import { eventually } from "../../support/Eventually.ts"

export const layerOf = (url: string): Layer.Layer<Coordination> => RedisCoordination.layer(Redacted.make(url))

/** Waits until calls succeed. */
export const recovery = Effect.flatMap(Coordination, ({ check }) => eventually(Effect.either(check), Either.isRight))

/** The layer, once it has found its server. */
export const connected = (url: string): Layer.Layer<Coordination> =>
  Layer.effect(Coordination, Effect.zipRight(recovery, Coordination)).pipe(Layer.provide(layerOf(url)))
