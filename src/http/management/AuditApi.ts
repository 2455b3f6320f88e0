import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "@effect/platform"
import { Schema } from "effect"
import { AuditEntry } from "../../domain/AuditEntry.ts"
import * as Failure from "../Failure.ts"
import { Authorization } from "./Authorization.ts"
import { PageOf, PageParams } from "./Page.ts"

const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { as: "Option", exact: true })
const text = Schema.String.pipe(Schema.maxLength(200))

export class AuditApi extends HttpApiGroup.make("audit")
  .add(
    HttpApiEndpoint.get("list", "/audit-entries")
      .setUrlParams(Schema.Struct({
        ...PageParams,
        subjectType: optional(text),
        subjectId: optional(Schema.UUID),
        actor: optional(text),
        action: optional(text),
        from: optional(Schema.DateTimeUtc),
        to: optional(Schema.DateTimeUtc)
      }))
      .addSuccess(PageOf(AuditEntry))
      .annotate(OpenApi.Summary, "Who did what to what, newest first; from is included, to is not")
  )
  .addError(Failure.Failure)
  .middleware(Authorization)
{}
