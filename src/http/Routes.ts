import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as OpenApi from "@effect/platform/OpenApi"
import { Cause, Effect, Layer, Predicate } from "effect"
import * as DeliverySink from "./DeliverySink.ts"
import * as Docs from "./Docs.ts"
import * as Failure from "./Failure.ts"
import * as Ingress from "./Ingress.ts"
import * as AuditHandlers from "./management/AuditHandlers.ts"
import { Authorization } from "./management/Authorization.ts"
import * as EventsHandlers from "./management/EventsHandlers.ts"
import * as HealthHandlers from "./management/HealthHandlers.ts"
import * as IntegrationsHandlers from "./management/IntegrationsHandlers.ts"
import { ManagementApi } from "./management/ManagementApi.ts"
import * as Mount from "./management/Mount.ts"
import { Patience } from "./management/Patience.ts"
import * as ProvidersHandlers from "./management/ProvidersHandlers.ts"
import * as QueuesHandlers from "./management/QueuesHandlers.ts"
import * as RejectionsHandlers from "./management/RejectionsHandlers.ts"
import * as ReplaysHandlers from "./management/ReplaysHandlers.ts"
import * as SecretsHandlers from "./management/SecretsHandlers.ts"
import * as MetricsRoute from "./MetricsRoute.ts"

const management = Mount.layer.pipe(
  Layer.provide(Patience.layer),
  Layer.provide([
    HealthHandlers.layer,
    ProvidersHandlers.layer,
    IntegrationsHandlers.layer,
    EventsHandlers.layer,
    ReplaysHandlers.layer,
    QueuesHandlers.layer,
    RejectionsHandlers.layer,
    SecretsHandlers.layer,
    AuditHandlers.layer
  ]),
  Layer.provide(Authorization.layer)
)

const document = HttpLayerRouter.add(
  "GET",
  "/api/v1/openapi.json",
  Effect.succeed(HttpServerResponse.unsafeJson(OpenApi.fromApi(ManagementApi)))
)

const nothing = Failure.response(404, "not_found", "There is nothing under this method and path; see /docs.")

const failures = HttpLayerRouter.use((router) =>
  router.addGlobalMiddleware((handler) =>
    Effect.catchAllCause(handler, (cause) => {
      if (Cause.isInterrupted(cause)) return Effect.failCause(cause)
      return isUnrouted(cause) ? nothing : Failure.internal(cause)
    })
  )
)

// Only this tells apart what no route takes: a route of its own for the rest would also take every HEAD.
const isUnrouted = (cause: Cause.Cause<unknown>): boolean => Predicate.isTagged(Cause.squash(cause), "RouteNotFound")

/** Everything that the API role answers. */
export const routes = Layer.mergeAll(
  Ingress.routes,
  management,
  document,
  Docs.route,
  MetricsRoute.guarded,
  DeliverySink.routes,
  failures
)
