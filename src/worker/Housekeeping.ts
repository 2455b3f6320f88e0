import { Effect, Layer, Schedule } from "effect"
import * as Loop from "../services/Loop.ts"
import { roomsEvery } from "../services/Places.ts"
import { Releases } from "../services/Releases.ts"
import { Settings } from "../services/Settings.ts"
import { DestinationStore } from "../services/store/DestinationStore.ts"
import { Sweeper } from "../services/Sweeper.ts"

const settling = Schedule.spaced("1 minute")
const maintenance = Schedule.spaced("1 hour")

/** What workers do beside delivering: sweeping, releasing what is held, and looking after the database's partitions. */
export const housekeeping = Layer.scopedDiscard(Effect.gen(function*() {
  const releases = yield* Releases
  const sweeper = yield* Sweeper
  const { sweep } = yield* Settings
  const { settleRotations } = yield* DestinationStore
  yield* Loop.forkRepeating("Sweeping", Schedule.spaced(sweep.every), sweeper.sweep)
  yield* Loop.forkRepeating("Releasing held deliveries", Schedule.spaced(roomsEvery), releases.proceed)
  yield* Loop.forkRepeating("Ending the overlap of signing secrets", settling, settleRotations)
  yield* Loop.forkRepeating("Maintenance", maintenance, sweeper.maintain)
}))
