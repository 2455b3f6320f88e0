import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { SigningRotation } from "../../domain/Destination.ts"
import { SecretInfo } from "../../domain/Integration.ts"
import { SecretAddition, SecretPatch } from "../../domain/IntegrationSecret.ts"
import * as Failure from "../Failure.ts"
import { Authorization } from "./Authorization.ts"
import { param } from "./References.ts"
import { strict } from "./Strict.ts"

/** Shown this once. Until `overlapUntil` the one before signs too; null: it does no more. */
export const RotatedSigningSecret = Schema.Struct({
  signingSecret: Schema.String,
  overlapUntil: Schema.NullOr(Schema.DateTimeUtc)
})

const created = { status: 201 }
const id = param("id")
const secretId = param("secretId")

export class SecretsApi extends HttpApiGroup.make("secrets")
  .add(
    HttpApiEndpoint.post("add")`/integrations/${id}/secrets`.setPayload(SecretAddition.annotations(strict))
      .addSuccess(SecretInfo, created)
      .annotate(OpenApi.Summary, "Add a secret; expireOthersAt ends all others then, which rotates with an overlap")
  )
  .add(
    HttpApiEndpoint.patch("change")`/integrations/${id}/secrets/${secretId}`
      .setPayload(SecretPatch.annotations(strict)).addSuccess(SecretInfo)
      .annotate(OpenApi.Summary, "Change when a secret ends; null: it does not, a time that has passed: now")
  )
  .add(
    HttpApiEndpoint.del("remove")`/integrations/${id}/secrets/${secretId}`.addSuccess(HttpApiSchema.NoContent)
      .annotate(OpenApi.Summary, "Delete a secret, unless it is the last one that is valid")
  )
  .add(
    HttpApiEndpoint.post("rotateSigning")`/destinations/${id}/signing-secrets`
      .setPayload(SigningRotation.annotations(strict)).addSuccess(RotatedSigningSecret, created)
      .annotate(
        OpenApi.Summary,
        "Sign by a new secret, and for overlapSeconds (a day unless said otherwise) by the one before too; 0 ends that at once"
      )
  )
  .addError(Failure.Failure)
  .middleware(Authorization)
{}
