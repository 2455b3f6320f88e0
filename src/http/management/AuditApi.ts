import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { AuditEntry } from "../../domain/AuditEntry.ts"
import { forwards, option, span } from "../../domain/Fields.ts"
import * as Failure from "../Failure.ts"
import { Authorization } from "./Authorization.ts"
import { PageOf, PageParams } from "./Page.ts"

const text = Schema.String.pipe(Schema.maxLength(200))

export class AuditApi extends HttpApiGroup.make("audit")
  .add(
    HttpApiEndpoint.get("list", "/audit-entries")
      .setUrlParams(forwards(Schema.Struct({
        ...PageParams,
        subjectType: option(text),
        subjectId: option(Schema.UUID),
        actor: option(text),
        action: option(text),
        ...span
      })))
      .addSuccess(PageOf(AuditEntry))
      .annotate(OpenApi.Summary, "Who did what to what, newest first; from is included, to is not")
  )
  .addError(Failure.Failure)
  .middleware(Authorization)
{}
