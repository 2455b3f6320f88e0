import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { Effect } from "effect"
import { Health } from "../../services/Health.ts"
import { ManagementApi } from "./ManagementApi.ts"

export const layer = HttpApiBuilder.group(ManagementApi, "health", (handlers) =>
  Effect.map(Health, (health) =>
    handlers
      .handle("report", () => Effect.filterOrFail(health.report, ({ status }) => status === "ok", (report) => report))
      .handle("live", () => Effect.succeed({ status: "ok" as const }))
      .handle("ready", () =>
        Effect.flatMap(health.ready, (postgres) =>
          postgres.status === "ok"
            ? Effect.succeed({ status: "ok" as const, checks: { postgres } })
            : Effect.fail({ status: "degraded" as const, checks: { postgres } })))))
