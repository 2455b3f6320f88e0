import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpApiSecurity from "@effect/platform/HttpApiSecurity"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Effect, Layer } from "effect"
import * as Exposition from "../domain/metrics/Exposition.ts"
import { Gauges } from "../services/Gauges.ts"
import * as Metrics from "../services/Metrics.ts"
import { Settings } from "../services/Settings.ts"
import * as Failure from "./Failure.ts"
import * as Authorization from "./management/Authorization.ts"

const path = "/metrics"

const exposition = Effect.map(
  Gauges,
  (gauges) =>
    Effect.map(
      Effect.all([Metrics.recordings, gauges.look]),
      (families) => HttpServerResponse.text(Exposition.render(families.flat()), { contentType: Exposition.contentType })
    )
)

/** `GET /metrics` for whoever reaches the port: it is one that strangers do not. */
export const open = Layer.unwrapEffect(Effect.map(exposition, (answer) => HttpLayerRouter.add("GET", path, answer)))

const bearer = HttpApiBuilder.securityDecode(HttpApiSecurity.bearer)

/** The same for whoever has the management key: strangers reach this port. */
export const guarded = Layer.unwrapEffect(
  Effect.map(Effect.all([exposition, Settings]), ([answer, settings]) =>
    HttpLayerRouter.add(
      "GET",
      path,
      Effect.flatMap(bearer, (key) =>
        Authorization.isKey(settings, key)
          ? answer
          : Failure.response(401, "unauthorized", Authorization.howTo))
    ))
)
