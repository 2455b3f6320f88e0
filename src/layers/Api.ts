import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as HttpServer from "@effect/platform/HttpServer"
import { Effect, Layer } from "effect"
import { constTrue } from "effect/Function"
import * as Ingress from "../http/Ingress.ts"
import * as Routes from "../http/Routes.ts"
import * as Server from "../http/Server.ts"
import { Webhooks } from "../http/Webhooks.ts"
import { Settings } from "../services/Settings.ts"
import * as FirstLook from "./FirstLook.ts"
import * as Role from "./Role.ts"
import * as Services from "./Services.ts"

const connections = 10

/** The HTTP server with everything behind it, on a given ground. It closes before what it needs. */
export const http = (options: Server.Options) =>
  Server.lingering(options).pipe(
    Layer.provideMerge(HttpLayerRouter.serve(Routes.routes, { disableLogger: true, disableListenLog: true })),
    Layer.provide(Ingress.shortcut),
    Layer.provide(Webhooks.layer),
    Layer.provideMerge(Server.layer(options)),
    Layer.merge(FirstLook.layer("Webhooks get 503 until PostgreSQL is well")),
    Layer.provide(Services.api),
    // The platform's spans carry every header, and some headers are secrets.
    HttpMiddleware.withTracerDisabledWhen(constTrue)
  )

/** Says that the delivery sink is open, which is meant for trying things out. */
export const sinkNotice = Layer.effectDiscard(Effect.flatMap(Settings, ({ deliverySink }) =>
  Effect.when(
    Effect.logWarning("The delivery sink answers whoever reaches this port; NODE_ENV=production switches it off"),
    () => deliverySink
  )))

/** The API role. */
export const layer = Role.make(
  { name: "sluice-api", connections },
  (given) => Layer.merge(HttpServer.withLogAddress(http(given)), sinkNotice)
)
