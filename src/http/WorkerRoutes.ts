import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Effect, Layer } from "effect"
import { Health } from "../services/Health.ts"
import * as Failure from "./Failure.ts"
import * as MetricsRoute from "./MetricsRoute.ts"

// As the API has them, and as short as a person types them.
const places = ["/health", "/api/v1/health"] as const

const health = Layer.unwrapEffect(Effect.map(Health, (health) => {
  const told = <A extends { readonly status: "ok" | "degraded" }>(report: Effect.Effect<A>) =>
    Effect.map(
      report,
      (report) => HttpServerResponse.unsafeJson(report, { status: report.status === "ok" ? 200 : 503 })
    )
  const [first, ...others] = places.flatMap((place) => [
    HttpLayerRouter.add("GET", place, told(health.report)),
    HttpLayerRouter.add("GET", `${place}/live`, told(Effect.succeed({ status: "ok" }))),
    HttpLayerRouter.add("GET", `${place}/ready`, told(health.carrying))
  ])
  return first === undefined ? Layer.empty : Layer.mergeAll(first, ...others)
}))

const nothing = HttpLayerRouter.add(
  "*",
  "/*",
  Failure.response(404, "not_found", "A worker answers GET /health, /health/live, /health/ready and /metrics.")
)

/** What a worker answers on a port of its own, for orchestrators and for Prometheus. */
export const routes = Layer.mergeAll(health, MetricsRoute.open, nothing)
