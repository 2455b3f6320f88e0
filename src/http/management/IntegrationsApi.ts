import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { Destination, DestinationInput, DestinationPatch } from "../../domain/Destination.ts"
import { Integration, IntegrationInput, IntegrationPatch } from "../../domain/Integration.ts"
import * as Failure from "../Failure.ts"
import { Authorization } from "./Authorization.ts"
import { PageOf, PageParams } from "./Page.ts"
import { param } from "./References.ts"

// A misspelt field is told, not ignored.
const strict = { parseOptions: { onExcessProperty: "error", errors: "all" } } as const

/** The signing secret is shown on creation only. */
export const CreatedDestination = Schema.Struct({ ...Destination.fields, signingSecret: Schema.String })

/** `webhookUrl` is what the provider is to call. */
export const IntegrationView = Schema.Struct({ ...Integration.fields, webhookUrl: Schema.String })

export const CreatedIntegration = Schema.Struct({
  ...IntegrationView.fields,
  destinations: Schema.Array(CreatedDestination)
})

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
      .addSuccess(IntegrationView).annotate(OpenApi.Summary, "Change an integration")
  )
  .add(
    HttpApiEndpoint.del("remove")`/integrations/${id}`.addSuccess(HttpApiSchema.NoContent)
      .annotate(OpenApi.Summary, "Delete an integration; what waits for its destinations is cancelled")
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
      .addSuccess(Destination).annotate(OpenApi.Summary, "Change a destination")
  )
  .add(
    HttpApiEndpoint.del("remove")`/destinations/${id}`.addSuccess(HttpApiSchema.NoContent)
      .annotate(OpenApi.Summary, "Delete a destination; what waits for it is cancelled")
  )
  .add(
    HttpApiEndpoint.post("pause")`/destinations/${id}/pause`.addSuccess(Destination)
      .annotate(OpenApi.Summary, "Hold its deliveries until it is resumed")
  )
  .add(
    HttpApiEndpoint.post("resume")`/destinations/${id}/resume`.addSuccess(Destination)
      .annotate(OpenApi.Summary, "Release its deliveries, oldest first")
  )
  .addError(Failure.Failure)
  .middleware(Authorization)
{}
