import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { Accepted, Duplicate } from "../../domain/Acceptance.ts"
import { forwards, option, span, text } from "../../domain/Fields.ts"
import { Reason, Rejection, RejectionDetail } from "../../domain/Rejection.ts"
import * as Failure from "../Failure.ts"
import { Authorization } from "./Authorization.ts"
import { PageOf, PageParams } from "./Page.ts"
import { param } from "./References.ts"

const id = param("id")

export class RejectionsApi extends HttpApiGroup.make("rejections")
  .add(
    HttpApiEndpoint.get("list", "/rejections")
      .setUrlParams(forwards(Schema.Struct({
        ...PageParams,
        integration: option(text),
        reason: option(Reason),
        ...span
      })))
      .addSuccess(PageOf(Rejection))
      .annotate(OpenApi.Summary, "Requests that were refused, newest first; from is included, to is not")
  )
  .add(
    HttpApiEndpoint.get("get")`/rejections/${id}`.addSuccess(RejectionDetail)
      .annotate(OpenApi.Summary, "A refused request with its headers, and whether it can be accepted")
  )
  .add(
    HttpApiEndpoint.get("body")`/rejections/${id}/body`
      .addSuccess(Schema.Uint8ArrayFromSelf.pipe(HttpApiSchema.withEncoding({ kind: "Uint8Array" })))
      .annotate(OpenApi.Summary, "The exact bytes that came in, with their content type")
  )
  .add(
    HttpApiEndpoint.post("accept")`/rejections/${id}/accept`
      .addSuccess(Accepted, { status: 202 })
      .addSuccess(Duplicate, { status: 200 })
      .annotate(
        OpenApi.Summary,
        "Verify a refused request once more, by the secrets of now and its time of receipt, and take it in as an event"
      )
  )
  .addError(Failure.Failure)
  .middleware(Authorization)
{}
