import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { Entry } from "../../domain/providers/Catalogue.ts"
import * as Failure from "../Failure.ts"
import { Authorization } from "./Authorization.ts"

export class ProvidersApi extends HttpApiGroup.make("providers")
  .add(
    HttpApiEndpoint.get("list", "/providers").addSuccess(Schema.Struct({ data: Schema.Array(Entry) }))
      .annotate(OpenApi.Summary, "Every provider with what it needs, enough to build a form from")
  )
  .addError(Failure.Failure)
  .middleware(Authorization)
{}
