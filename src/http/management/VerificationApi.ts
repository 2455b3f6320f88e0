import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { option } from "../../domain/Fields.ts"
import { Verdict } from "../../domain/Verdict.ts"
import * as Failure from "../Failure.ts"
import { Authorization } from "./Authorization.ts"
import { param } from "./References.ts"
import { strict } from "./Strict.ts"

const id = param("id")

const Url = Schema.String.pipe(
  Schema.maxLength(16_000),
  Schema.filter((url) =>
    /^(?:https?:\/\/[^/?#\s]+)?(?:[/?][^#\s]*)?$/i.test(url) || "a URL of http or https, or the path and query of one"
  )
)
const Base64 = Schema.String.pipe(
  Schema.filter((text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text) || "bytes as base64")
)

/** A webhook as a provider sent it, or as it would. `receivedAt` is now unless given. */
export const TrialInput = Schema.Struct({
  method: Schema.optionalWith(Schema.Literal("POST", "GET", "HEAD"), { default: () => "POST", exact: true }),
  /** As the provider calls it. */
  url: option(Url),
  headers: Schema.optionalWith(
    Schema.Record({ key: Schema.String, value: Schema.Union(Schema.String, Schema.Array(Schema.String)) }),
    { default: () => ({}), exact: true }
  ),
  body: option(Schema.String),
  bodyBase64: option(Base64),
  receivedAt: option(Schema.DateTimeUtc)
}).annotations(strict)
export type TrialInput = typeof TrialInput.Type

export class VerificationApi extends HttpApiGroup.make("verification")
  .add(
    HttpApiEndpoint.post("verify")`/integrations/${id}/verify`.setPayload(TrialInput)
      .addSuccess(Verdict)
      .annotate(
        OpenApi.Summary,
        "Say whether a request would be believed, why not, and what it would become; nothing is kept of it"
      )
  )
  .addError(Failure.Failure)
  .middleware(Authorization)
{}
