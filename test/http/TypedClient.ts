// @effect-diagnostics strictEffectProvide:off
import { FetchHttpClient, HttpApiClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { ManagementApi } from "../../src/http/management/ManagementApi.ts"
import * as Gateway from "../support/Gateway.ts"
import { managementKey } from "../support/ManagementKey.ts"

const made = (prepare: (request: HttpClientRequest.HttpClientRequest) => HttpClientRequest.HttpClientRequest) =>
  Effect.flatMap(
    Gateway.Gateway,
    ({ base }) => HttpApiClient.make(ManagementApi, { baseUrl: base, transformClient: HttpClient.mapRequest(prepare) })
  ).pipe(Effect.provide(FetchHttpClient.layer))

/** The typed client of an operator. */
export const client = made(HttpClientRequest.bearerToken(managementKey))

/** Those of people who have no key, and a wrong one. */
export const strangers = Effect.all([
  made((request) => request),
  made(HttpClientRequest.bearerToken("a-wrong-key-12345"))
])

/** That a call fails with this error of the API's own. */
export const fails = Effect.fnUntraced(function*<A, E, R>(call: Effect.Effect<A, E, R>, code: string) {
  const error = yield* Effect.flip(call)
  assert.nestedPropertyVal(error, "error.code", code)
  return error
})
