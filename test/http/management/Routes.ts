import { OpenApi } from "@effect/platform"
import { ManagementApi } from "../../../src/http/management/ManagementApi.ts"

export interface Route {
  readonly method: string
  /** With ids of nothing. */
  readonly path: string
  /** As the document has it. */
  readonly template: string
}

const nothing = "019ab1f0-0000-7000-8000-000000000000"

/** Every route of the management API, as its own document tells. */
export const all: ReadonlyArray<Route> = Object.entries(OpenApi.fromApi(ManagementApi).paths).flatMap(
  ([template, item]) =>
    Object.keys(item).map((method) => ({
      method: method.toUpperCase(),
      path: template.replace(/\{\w+\}/g, nothing),
      template
    }))
)

const open = /\/health(?:\/|$)/

/** Those that ask for the key. */
export const guarded = all.filter(({ path }) => !open.test(path))

/** Those that anybody may call. */
export const free = all.filter(({ path }) => open.test(path))
