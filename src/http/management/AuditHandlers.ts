import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { Effect } from "effect"
import { AuditReader } from "../../services/store/AuditReader.ts"
import * as Failure from "../Failure.ts"
import { ManagementApi } from "./ManagementApi.ts"
import * as Page from "./Page.ts"

export const layer = HttpApiBuilder.group(
  ManagementApi,
  "audit",
  (handlers) =>
    Effect.map(
      AuditReader,
      (audit) =>
        handlers.handle("list", ({ urlParams }) =>
          Page.page(urlParams, (page) => audit.list({ ...urlParams, ...page })).pipe(Failure.answered))
    )
)
