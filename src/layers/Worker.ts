import { Effect, Layer } from "effect"
import { deliveryConsumers, replayConsumer } from "../worker/Consumers.ts"
import { housekeeping } from "../worker/Housekeeping.ts"
import * as FirstLook from "./FirstLook.ts"
import * as Role from "./Role.ts"
import * as Services from "./Services.ts"

const connections = 10

/** Everything that a worker does, by services yet to be given. */
export const duties = Layer.mergeAll(
  deliveryConsumers,
  replayConsumer,
  housekeeping,
  FirstLook.layer("Nothing is delivered until PostgreSQL is well")
)

/** The same on a given ground. */
export const programs = Layer.provide(duties, Services.worker)

/** What the log says once a worker works: the fault suite looks for it there. */
export const working = "Delivering"

export const started = Layer.effectDiscard(Effect.logInfo(working))

/** The worker role. */
export const layer = Role.make({ name: "sluice-worker", connections }, () => Layer.provide(started, programs))
