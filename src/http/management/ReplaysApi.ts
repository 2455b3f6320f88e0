import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { Delivery } from "../../domain/Delivery.ts"
import { forwards, option } from "../../domain/Fields.ts"
import { Reason, Replay, ReplayStatus } from "../../domain/Replay.ts"
import { DeadLettersFilter, EventsFilter, RatePerSecond, saying } from "../../domain/ReplayScope.ts"
import * as Failure from "../Failure.ts"
import { Authorization } from "./Authorization.ts"
import { PageOf, PageParams } from "./Page.ts"
import { param } from "./References.ts"
import { strict } from "./Strict.ts"

const id = param("id")

const input = <A, I>(filter: Schema.Schema<A, I>) =>
  Schema.Struct({
    filter,
    reason: Reason,
    dryRun: Schema.optionalWith(Schema.Boolean, { default: () => false, exact: true }),
    ratePerSecond: option(RatePerSecond)
  }).annotations(strict)

export const BulkReplayInput = input(forwards(saying(EventsFilter)))
export const DeadLettersInput = input(forwards(saying(DeadLettersFilter)))

/** How many a replay would be of. */
export const DryRun = Schema.Struct({ dryRun: Schema.Literal(true), total: Schema.Int })

const accepted = { status: 202 }

export class ReplaysApi extends HttpApiGroup.make("replays")
  .add(
    HttpApiEndpoint.get("list", "/replays")
      .setUrlParams(Schema.Struct({ ...PageParams, status: option(ReplayStatus) }))
      .addSuccess(PageOf(Replay)).annotate(OpenApi.Summary, "Replays, newest first")
  )
  .add(
    HttpApiEndpoint.get("get")`/replays/${id}`.addSuccess(Replay)
      .annotate(OpenApi.Summary, "A replay with its progress: done and skipped together reach total")
  )
  .add(
    HttpApiEndpoint.post("create", "/replays").setPayload(BulkReplayInput)
      .addSuccess(Replay, accepted).addSuccess(DryRun)
      .annotate(
        OpenApi.Summary,
        "Deliver all events of a filter again, at most so many a second; status failed takes only the deliveries that died"
      )
  )
  .add(
    HttpApiEndpoint.post("cancel")`/replays/${id}/cancel`.addSuccess(Replay)
      .annotate(OpenApi.Summary, "Stop a replay; what it has sent on its way stays there")
  )
  .addError(Failure.Failure)
  .middleware(Authorization)
{}

export class DeadLettersApi extends HttpApiGroup.make("deadLetters")
  .add(
    HttpApiEndpoint.get("list", "/dead-letters")
      .setUrlParams(forwards(Schema.Struct({
        ...PageParams,
        ...DeadLettersFilter.fields
      })))
      .addSuccess(PageOf(Delivery)).annotate(
        OpenApi.Summary,
        "Deliveries that died, newest first by when their event came in; from is included, to is not"
      )
  )
  .add(
    HttpApiEndpoint.post("replay", "/dead-letters/replay").setPayload(DeadLettersInput)
      .addSuccess(Replay, accepted).addSuccess(DryRun)
      .annotate(OpenApi.Summary, "Deliver again what died, at most so many a second")
  )
  .addError(Failure.Failure)
  .middleware(Authorization)
{}
