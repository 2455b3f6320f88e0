import * as HttpApi from "@effect/platform/HttpApi"
import { Option, SchemaAST } from "effect"
import { ManagementApi } from "./ManagementApi.ts"

/** What a route of the management API takes beside the ids in its path. */
export interface Taken {
  /** Whether it asks for the key. */
  readonly guarded: boolean
  /** What its query may hold. */
  readonly params: ReadonlySet<string>
  readonly hasBody: boolean
}

/** Of every route, by its method and path as the router has them. */
export const taken: ReadonlyMap<string, Taken> = (() => {
  const found = new Map<string, Taken>()
  HttpApi.reflect(ManagementApi, {
    onGroup: () => undefined,
    onEndpoint: ({ endpoint, middleware, payloads }) => {
      found.set(`${endpoint.method} ${endpoint.path}`, {
        guarded: middleware.size > 0,
        params: new Set(
          Option.match(endpoint.urlParamsSchema, {
            onNone: () => [],
            onSome: ({ ast }) =>
              SchemaAST.getPropertySignatures(SchemaAST.encodedAST(ast)).map(({ name }) => String(name))
          })
        ),
        hasBody: payloads.size > 0
      })
    }
  })
  return found
})()

/** The names in a URL's query that a route does not take. */
export const unknownParams = ({ params }: Taken, url: string): ReadonlyArray<string> => {
  const start = url.indexOf("?")
  return start < 0 ? [] : [...new Set(new URLSearchParams(url.slice(start)).keys())].filter((_) => !params.has(_))
}
