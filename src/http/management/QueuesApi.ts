import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import * as Failure from "../Failure.ts"
import { Authorization } from "./Authorization.ts"

/** `delayMs` is how long a rung keeps a message. */
export const QueueView = Schema.Struct({
  name: Schema.String,
  messages: Schema.Int,
  consumers: Schema.Int,
  delayMs: Schema.optionalWith(Schema.Int, { exact: true })
})

export class QueuesApi extends HttpApiGroup.make("queues")
  .add(
    HttpApiEndpoint.get("list", "/queues").addSuccess(Schema.Struct({ data: Schema.Array(QueueView) }))
      .annotate(OpenApi.Summary, "Depth of every queue")
  )
  .addError(Failure.Failure)
  .middleware(Authorization)
{}
