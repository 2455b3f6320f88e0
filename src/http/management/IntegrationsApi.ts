import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { CallbackTestInput, CallbackTestResult } from "../../domain/CallbackTest.ts"
import { Destination, DestinationInput, DestinationPatch } from "../../domain/Destination.ts"
import { Integration, IntegrationInput, IntegrationPatch } from "../../domain/Integration.ts"
import { Waiting } from "../../domain/Waiting.ts"
import * as Failure from "../Failure.ts"
import { Authorization } from "./Authorization.ts"
import { PageOf, PageParams } from "./Page.ts"
import { param } from "./References.ts"
import { strict } from "./Strict.ts"

/** The signing secret is shown on creation only. */
export const CreatedDestination = Schema.Struct({ ...Destination.fields, signingSecret: Schema.String })

/** `webhookUrl` is what the provider is to call. */
export const IntegrationView = Schema.Struct({ ...Integration.fields, webhookUrl: Schema.String })

export const CreatedIntegration = Schema.Struct({
  ...IntegrationView.fields,
  destinations: Schema.Array(CreatedDestination)
})

/** `waiting` where the status was changed, or asked for. */
const withWaiting = { waiting: Schema.optionalWith(Waiting, { exact: true }) }
export const ChangedIntegration = Schema.Struct({ ...IntegrationView.fields, ...withWaiting })
export const ChangedDestination = Schema.Struct({ ...Destination.fields, ...withWaiting })
export const Deleted = Schema.Struct({ id: Schema.String, waiting: Waiting })

const disabling =
  "Disabling an integration refuses its webhooks with 404; what was accepted before is still delivered. " +
  "The answer says under `waiting` how many deliveries that are."
const holding =
  "Its deliveries are held from their next turn on, in their order, with the attempts that they have left; an " +
  "attempt that is under way is finished. The answer says under `waiting` how many wait."
const cancelling =
  "The workers cancel what waits, a bounded number at a time, at the latest when its turn comes. An attempt " +
  "that is under way is finished. The answer says under `waiting` how many wait. Events, deliveries and attempts stay readable."

const created = { status: 201 }
const id = param("id")

export class IntegrationsApi extends HttpApiGroup.make("integrations")
  .add(
    HttpApiEndpoint.get("list", "/integrations").setUrlParams(Schema.Struct(PageParams))
      .addSuccess(PageOf(IntegrationView)).annotate(OpenApi.Summary, "Integrations, newest first")
  )
  .add(
    HttpApiEndpoint.post("create", "/integrations").setPayload(IntegrationInput.annotations(strict))
      .addSuccess(CreatedIntegration, created)
      .annotate(OpenApi.Summary, "Create an integration, with its first destination if a callbackUrl is given")
  )
  .add(
    HttpApiEndpoint.get("get")`/integrations/${id}`.addSuccess(IntegrationView)
      .annotate(OpenApi.Summary, "An integration by id or slug")
  )
  .add(
    HttpApiEndpoint.patch("update")`/integrations/${id}`.setPayload(IntegrationPatch.annotations(strict))
      .addSuccess(ChangedIntegration).annotate(OpenApi.Summary, "Change an integration")
      .annotate(OpenApi.Description, disabling)
  )
  .add(
    HttpApiEndpoint.del("remove")`/integrations/${id}`.addSuccess(Deleted)
      .annotate(OpenApi.Summary, "Delete an integration; what waits for its destinations is cancelled")
      .annotate(OpenApi.Description, cancelling)
  )
  .add(
    HttpApiEndpoint.get("destinations")`/integrations/${id}/destinations`
      .addSuccess(Schema.Struct({ data: Schema.Array(Destination) }))
      .annotate(OpenApi.Summary, "The destinations of an integration")
  )
  .add(
    HttpApiEndpoint.post("addDestination")`/integrations/${id}/destinations`
      .setPayload(DestinationInput.annotations(strict)).addSuccess(CreatedDestination, created)
      .annotate(OpenApi.Summary, "Add a destination")
  )
  .addError(Failure.Failure)
  .middleware(Authorization)
{}

export class DestinationsApi extends HttpApiGroup.make("destinations")
  .add(
    HttpApiEndpoint.get("get")`/destinations/${id}`.addSuccess(Destination).annotate(OpenApi.Summary, "A destination")
  )
  .add(
    HttpApiEndpoint.patch("update")`/destinations/${id}`.setPayload(DestinationPatch.annotations(strict))
      .addSuccess(ChangedDestination).annotate(OpenApi.Summary, "Change a destination")
      .annotate(OpenApi.Description, `Disabling a destination holds its deliveries, as pausing does. ${holding}`)
  )
  .add(
    HttpApiEndpoint.del("remove")`/destinations/${id}`.addSuccess(Deleted)
      .annotate(OpenApi.Summary, "Delete a destination; what waits for it is cancelled")
      .annotate(OpenApi.Description, cancelling)
  )
  .add(
    HttpApiEndpoint.post("pause")`/destinations/${id}/pause`.addSuccess(ChangedDestination)
      .annotate(OpenApi.Summary, "Hold its deliveries until it is resumed").annotate(OpenApi.Description, holding)
  )
  .add(
    HttpApiEndpoint.post("resume")`/destinations/${id}/resume`.addSuccess(ChangedDestination)
      .annotate(OpenApi.Summary, "Release its deliveries, oldest first")
      .annotate(
        OpenApi.Description,
        "Also where it was disabled, by an operator or by its answer 410. What is held goes out as fast as the destination " +
          "takes it; what waits for a retry keeps its time. The answer says under `waiting` how many wait."
      )
  )
  .add(
    HttpApiEndpoint.post("test")`/destinations/${id}/test`.setPayload(CallbackTestInput.annotations(strict))
      .addSuccess(CallbackTestResult)
      .annotate(OpenApi.Summary, "Send a test webhook and tell what the callback did with it")
      .annotate(
        OpenApi.Description,
        "The call is made as for a delivery: same signature, time limit and address check, and with `sluice-test: true`. " +
          "Paused and disabled destinations can be tested too. Only an audit entry is stored; breaker and deliveries are not " +
          "touched. A callback that refuses is an answer too: 200 with the outcome `failure`."
      )
  )
  .addError(Failure.Failure)
  .middleware(Authorization)
{}
