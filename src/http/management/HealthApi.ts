import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import * as Health from "../../services/Health.ts"

const Live = Schema.Struct({ status: Schema.Literal("ok") })
export const Ready = Schema.Struct({
  status: Schema.Literal("ok", "degraded"),
  checks: Schema.Struct({ postgres: Health.Check })
})

const down = { status: 503 }

/** For load balancers and people; needs no key. */
export class HealthApi extends HttpApiGroup.make("health")
  .add(
    HttpApiEndpoint.get("report", "/health").addSuccess(Health.Report).addError(Health.Report, down)
      .annotate(OpenApi.Summary, "Whether PostgreSQL, Redis and RabbitMQ answer; 503 when one does not")
  )
  .add(
    HttpApiEndpoint.get("live", "/health/live").addSuccess(Live).annotate(OpenApi.Summary, "Whether the process is up")
  )
  .add(
    HttpApiEndpoint.get("ready", "/health/ready").addSuccess(Ready).addError(Ready, down)
      .annotate(OpenApi.Summary, "Whether webhooks can be accepted: PostgreSQL answers")
  )
{}
