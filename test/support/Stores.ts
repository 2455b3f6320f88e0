import { Duration, Layer } from "effect"
import * as MemoryCoordination from "../../src/layers/MemoryCoordination.ts"
import * as Services from "../../src/layers/Services.ts"
import type { Coordination } from "../../src/services/ports/Coordination.ts"
import { Settings } from "../../src/services/Settings.ts"
import { FakeBroker } from "./FakeBroker.ts"
import * as Grounds from "./Grounds.ts"
import { TestDatabase } from "./TestDatabase.ts"

/** A worker's programs on a database of their own, with a broker that hands nothing out. */
export const stores = (changes: Partial<typeof Settings.Service> = {}) => storesOn(MemoryCoordination.layer, changes)

/** The same on another coordination. */
export const storesOn = <R>(
  coordination: Layer.Layer<Coordination, never, R>,
  changes: Partial<typeof Settings.Service> = {}
) =>
  Services.worker.pipe(Layer.provideMerge(Layer.mergeAll(
    FakeBroker.layer,
    coordination,
    Layer.succeed(Settings, Grounds.settings(changes)),
    TestDatabase
  )))

/** Nothing is left alone for a while, and one marker is sent at a time. */
export const atOnce: typeof Settings.Service.sweep = {
  every: Duration.zero,
  grace: Duration.zero,
  settle: Duration.zero,
  retrySlack: Duration.zero,
  markerEvery: Duration.zero,
  markerPatience: Duration.hours(1)
}
