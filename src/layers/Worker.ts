import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as HttpServer from "@effect/platform/HttpServer"
import { Effect, Layer } from "effect"
import { constTrue } from "effect/Function"
import * as Server from "../http/Server.ts"
import * as WorkerRoutes from "../http/WorkerRoutes.ts"
import { deliveryConsumers, replayConsumer } from "../worker/Consumers.ts"
import { housekeeping } from "../worker/Housekeeping.ts"
import * as FirstLook from "./FirstLook.ts"
import { ListenError } from "./ListenError.ts"
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

/** Where a worker tells how it is, by services yet to be given. */
export const server = (options: Server.Options) =>
  HttpLayerRouter.serve(WorkerRoutes.routes, { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provideMerge(Server.layer(options)),
    Layer.mapError(({ cause }) => new ListenError({ variable: "WORKER_PORT", cause })),
    HttpMiddleware.withTracerDisabledWhen(constTrue)
  )

/** Duties of a worker that tells how it is until what they have in hand is finished. */
export const telling = <E, R>(options: Server.Options, duties: Layer.Layer<never, E, R>) =>
  duties.pipe(
    Layer.provideMerge(HttpServer.withLogAddress(server(options))),
    Layer.provide(Services.worker)
  )

/** The worker role. */
export const layer = Role.make(
  { name: "sluice-worker", connections },
  ({ host, workerPort }) => telling({ host, port: workerPort }, Layer.provide(started, duties))
)
