import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { Delivery, DeliveryDetail, DeliveryState, RetryOutcome } from "../../domain/Delivery.ts"
import { Event, EventDetail } from "../../domain/Event.ts"
import { forwards, option, text } from "../../domain/Fields.ts"
import { DestinationId } from "../../domain/Ids.ts"
import { Reason, Replay } from "../../domain/Replay.ts"
import { EventsFilter } from "../../domain/ReplayScope.ts"
import * as Failure from "../Failure.ts"
import { Authorization } from "./Authorization.ts"
import { PageOf, PageParams } from "./Page.ts"
import { param } from "./References.ts"
import { strict } from "./Strict.ts"

const id = param("id")

const looking =
  "What is rare is looked for a bounded way at a time: a page may hold fewer than `limit`, or none, while " +
  "`nextCursor` is set. The list ends where it is null."

export const ReplayInput = Schema.Struct({
  reason: Reason,
  destinationId: option(DestinationId)
}).annotations(strict)

export class EventsApi extends HttpApiGroup.make("events")
  .add(
    HttpApiEndpoint.get("list", "/events")
      .setUrlParams(forwards(Schema.Struct({
        ...PageParams,
        ...EventsFilter.fields,
        dedupeKey: option(text)
      })))
      .addSuccess(PageOf(Event)).annotate(OpenApi.Summary, "Events, newest first; from is included, to is not")
      .annotate(OpenApi.Description, looking)
  )
  .add(
    HttpApiEndpoint.get("get")`/events/${id}`.addSuccess(EventDetail)
      .annotate(OpenApi.Summary, "An event with its deliveries and their attempts")
  )
  .add(
    HttpApiEndpoint.get("body")`/events/${id}/body`
      .addSuccess(Schema.Uint8ArrayFromSelf.pipe(HttpApiSchema.withEncoding({ kind: "Uint8Array" })))
      .annotate(OpenApi.Summary, "The exact bytes that came in, with their content type")
  )
  .add(
    HttpApiEndpoint.post("replay")`/events/${id}/replay`.setPayload(ReplayInput)
      .addSuccess(Replay, { status: 202 })
      .annotate(OpenApi.Summary, "Deliver an event again: a new generation with a fresh retry budget")
  )
  .addError(Failure.Failure)
  .middleware(Authorization)
{}

export const CancelInput = Schema.Struct({ reason: option(Reason) })
  .annotations(strict)

/** `replay` is set where the delivery had ended and begins again. */
export const Retried = Schema.Struct({ delivery: Delivery, outcome: RetryOutcome, replay: Schema.NullOr(Replay) })

export const Cancelled = Schema.Struct({ delivery: Delivery, attemptUnderWay: Schema.Boolean })

export class DeliveriesApi extends HttpApiGroup.make("deliveries")
  .add(
    HttpApiEndpoint.get("list", "/deliveries")
      .setUrlParams(Schema.Struct({
        ...PageParams,
        status: option(DeliveryState),
        integration: option(text),
        destinationId: option(DestinationId)
      }))
      .addSuccess(PageOf(Delivery)).annotate(OpenApi.Summary, "Deliveries, newest first")
      .annotate(OpenApi.Description, looking)
  )
  .add(
    HttpApiEndpoint.get("get")`/deliveries/${id}`.addSuccess(DeliveryDetail)
      .annotate(OpenApi.Summary, "A delivery with its attempts")
  )
  .add(
    HttpApiEndpoint.post("retry")`/deliveries/${id}/retry`.addSuccess(Retried, { status: 202 })
      .annotate(OpenApi.Summary, "Send a delivery now")
      .annotate(
        OpenApi.Description,
        "One that waits (`pending`, `retrying`, `held`) is brought forward: its next attempt is made at once, within the same " +
          "budget, and where a breaker is open it is the one that tries. One that is `queued` or `delivering` is on its way " +
          "already and stays as it is. One that is `dead` or `cancelled` begins again in a new generation with a fresh " +
          "budget, by the replay that the answer names. Refused with 409 where it was delivered, and where its destination is " +
          "paused, disabled or deleted."
      )
  )
  .add(
    HttpApiEndpoint.post("cancel")`/deliveries/${id}/cancel`.setPayload(CancelInput).addSuccess(Cancelled)
      .annotate(OpenApi.Summary, "End a delivery: no further attempt is made")
      .annotate(
        OpenApi.Description,
        "An attempt that is under way is still recorded, and where it succeeds the delivery is `delivered` after all. Refused " +
          "with 409 where the delivery has ended."
      )
  )
  .addError(Failure.Failure)
  .middleware(Authorization)
{}
