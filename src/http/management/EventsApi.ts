import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { Delivery, DeliveryDetail, DeliveryState } from "../../domain/Delivery.ts"
import { Event, EventDetail, EventStatus } from "../../domain/Event.ts"
import { DestinationId } from "../../domain/Ids.ts"
import { Reason, Replay } from "../../domain/Replay.ts"
import * as Failure from "../Failure.ts"
import { Authorization } from "./Authorization.ts"
import { PageOf, PageParams } from "./Page.ts"
import { param } from "./References.ts"

const id = param("id")
const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { as: "Option", exact: true })
const text = Schema.String.pipe(Schema.maxLength(300))

export const ReplayInput = Schema.Struct({
  reason: Reason,
  destinationId: Schema.optionalWith(DestinationId, { as: "Option", exact: true })
}).annotations({ parseOptions: { onExcessProperty: "error", errors: "all" } })

export class EventsApi extends HttpApiGroup.make("events")
  .add(
    HttpApiEndpoint.get("list", "/events")
      .setUrlParams(Schema.Struct({
        ...PageParams,
        integration: optional(text),
        type: optional(text),
        status: optional(EventStatus),
        from: optional(Schema.DateTimeUtc),
        to: optional(Schema.DateTimeUtc),
        dedupeKey: optional(text)
      }))
      .addSuccess(PageOf(Event)).annotate(OpenApi.Summary, "Events, newest first; from is included, to is not")
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

export class DeliveriesApi extends HttpApiGroup.make("deliveries")
  .add(
    HttpApiEndpoint.get("list", "/deliveries")
      .setUrlParams(Schema.Struct({
        ...PageParams,
        status: optional(DeliveryState),
        integration: optional(text),
        destinationId: optional(DestinationId)
      }))
      .addSuccess(PageOf(Delivery)).annotate(OpenApi.Summary, "Deliveries, newest first")
  )
  .add(
    HttpApiEndpoint.get("get")`/deliveries/${id}`.addSuccess(DeliveryDetail)
      .annotate(OpenApi.Summary, "A delivery with its attempts")
  )
  .addError(Failure.Failure)
  .middleware(Authorization)
{}
