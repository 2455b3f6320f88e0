import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { Effect } from "effect"
import { entries } from "../../domain/providers/Catalogue.ts"
import { ManagementApi } from "./ManagementApi.ts"

export const layer = HttpApiBuilder.group(
  ManagementApi,
  "providers",
  (handlers) => handlers.handle("list", () => Effect.succeed({ data: entries }))
)
