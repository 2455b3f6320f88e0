import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { DeadMessage } from "../../domain/DeadLetter.ts"
import * as Failure from "../Failure.ts"
import { Authorization } from "./Authorization.ts"
import { PageParams } from "./Page.ts"
import { param } from "./References.ts"
import { strict } from "./Strict.ts"

/** `delayMs` is how long a rung keeps a message. */
export const QueueView = Schema.Struct({
  name: Schema.String,
  messages: Schema.Int,
  consumers: Schema.Int,
  delayMs: Schema.optionalWith(Schema.Int, { exact: true })
})

/** How many one call brings back at most, and unless it says otherwise. */
export const mostRequeued = 10_000

export const RequeueInput = Schema.Struct({
  limit: Schema.optionalWith(Schema.Int.pipe(Schema.between(1, mostRequeued)), { exact: true })
}).annotations(strict)

const name = param("name")

export class QueuesApi extends HttpApiGroup.make("queues")
  .add(
    HttpApiEndpoint.get("list", "/queues").addSuccess(Schema.Struct({ data: Schema.Array(QueueView) }))
      .annotate(OpenApi.Summary, "Depth of every queue")
      .annotate(
        OpenApi.Description,
        "Messages that wait in each queue and the consumers that it has; `delayMs` is how long a retry waits in one. What a " +
          "worker has in hand is not counted."
      )
  )
  .add(
    HttpApiEndpoint.get("messages")`/queues/${name}/messages`
      .setUrlParams(Schema.Struct({ limit: PageParams.limit }))
      .addSuccess(Schema.Struct({ data: Schema.Array(DeadMessage) }))
      .annotate(OpenApi.Summary, "Messages of the dead-letter queue, and why each of them died")
      .annotate(
        OpenApi.Description,
        "Only the dead-letter queue. The messages stay; asked again, they may come in another order. It holds what the " +
          "gateway could not process; a callback that keeps failing is a dead delivery, not a dead message."
      )
  )
  .add(
    HttpApiEndpoint.post("requeue")`/queues/${name}/requeue`.setPayload(RequeueInput)
      .addSuccess(Schema.Struct({ requeued: Schema.Int, left: Schema.Int }))
      .annotate(OpenApi.Summary, "Bring messages of the dead-letter queue back to where they died")
      .annotate(
        OpenApi.Description,
        "Only the dead-letter queue. No message is lost; one may be processed twice, and the second time has no effect. " +
          "`left` counts those that were there at the start and stay: beyond the limit, or without a queue to go to " +
          "(`requeuesTo` is null). A call moves what it can in a few seconds; call again while some are left. One that dies " +
          "again comes back here."
      )
  )
  .add(
    HttpApiEndpoint.post("purge")`/queues/${name}/purge`.addSuccess(Schema.Struct({ purged: Schema.Int }))
      .annotate(OpenApi.Summary, "Remove every message of the dead-letter queue")
      .annotate(
        OpenApi.Description,
        "Only the dead-letter queue. No delivery is lost by it: deliveries and replays stand in the database, and the workers " +
          "queue again what is still due. What cannot be got back is why the messages died."
      )
  )
  .addError(Failure.Failure)
  .middleware(Authorization)
{}
