import { Effect, Layer } from "effect"
import * as Services from "../../../src/layers/Services.ts"
import * as Worker from "../../../src/layers/Worker.ts"
import { Sweeper } from "../../../src/services/Sweeper.ts"
import { launch, workerOf } from "./Launch.ts"

const idle = Layer.succeed(
  Sweeper,
  Sweeper.of({ sweep: Effect.void, markerReturned: () => Effect.void, maintain: Effect.void })
)

/** Nobody looks for what the queues lost. */
launch(workerOf(() => Worker.duties.pipe(Layer.provide(idle), Layer.provide(Services.worker))))
