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

/** A client that has the key; another one, or none at all, where it is given. */
export const make = (key = managementKey) =>
  Effect.flatMap(Gateway.Gateway, ({ base }) =>
    HttpApiClient.make(ManagementApi, {
      baseUrl: base,
      transformClient: HttpClient.mapRequest(key === "" ? (_) => _ : HttpClientRequest.bearerToken(key))
    })).pipe(Effect.provide(FetchHttpClient.layer))

export type Client = Effect.Effect.Success<ReturnType<typeof make>>

/** A call is refused with this code. */
export const refused = <A, E, R>(call: Effect.Effect<A, E, R>, code: string) =>
  Effect.map(Effect.flip(call), (error) => {
    assert.nestedPropertyVal(error, "error.code", code)
    return error
  })

/** A call is refused to whoever has no key, or a wrong one. */
export const guarded = <A, E>(call: (client: Client) => Effect.Effect<A, E>) =>
  Effect.forEach(
    ["", "a-key-that-is-wrong"],
    (key) => Effect.flatMap(make(key), (client) => refused(call(client), "unauthorized")),
    { discard: true }
  )
