import { Effect, Layer, Schedule } from "effect"
import * as Loop from "../services/Loop.ts"
import { Settings } from "../services/Settings.ts"
import { Sweeper } from "../services/Sweeper.ts"

const maintenance = Schedule.spaced("1 hour")

/** What workers do beside delivering: sweeping, and looking after the database's partitions. */
export const housekeeping = Layer.scopedDiscard(Effect.gen(function*() {
  const sweeper = yield* Sweeper
  const { sweep } = yield* Settings
  yield* Loop.forkRepeating("Sweeping", Schedule.spaced(sweep.every), sweeper.sweep)
  yield* Loop.forkRepeating("Maintenance", maintenance, sweeper.maintain)
}))
