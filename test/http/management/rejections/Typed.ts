// @effect-diagnostics strictEffectProvide:off
import { FetchHttpClient, HttpApiClient, HttpClient, HttpClientRequest } from "@effect/platform"
import { assert } from "@effect/vitest"
import { Effect, Predicate } from "effect"
import { identity } from "effect/Function"
import { ManagementApi } from "../../../../src/http/management/ManagementApi.ts"
import * as Gateway from "../../../support/Gateway.ts"
import { managementKey } from "../../../support/ManagementKey.ts"

const clientWith = (key?: string) =>
  Effect.flatMap(Gateway.Gateway, ({ base }) =>
    HttpApiClient.make(ManagementApi, {
      baseUrl: base,
      transformClient: key === undefined ? identity : HttpClient.mapRequest(HttpClientRequest.bearerToken(key))
    })).pipe(Effect.provide(FetchHttpClient.layer))

/** The typed client of who has the key. */
export const client = clientWith(managementKey)

type Client = Effect.Effect.Success<typeof client>

/** What the gateway answers to a call that it must refuse with this code. */
export const refused = <A, E, R>(call: Effect.Effect<A, E, R>, code: string) =>
  Effect.map(Effect.flip(call), (answer) => {
    assert.nestedPropertyVal(answer, "error.code", code)
    return Predicate.hasProperty(answer, "error") ? answer.error : answer
  })

/** A call is refused to who has no key, and to who has a wrong one. */
export const guarded = <A, E, R>(call: (client: Client) => Effect.Effect<A, E, R>) =>
  Effect.forEach(
    [undefined, "a-key-that-is-wrong"],
    (key) => Effect.flatMap(clientWith(key), (stranger) => refused(call(stranger), "unauthorized")),
    { discard: true }
  )

/** The first path that a call is refused for. */
export const complaint = <A, E, R>(call: Effect.Effect<A, E, R>) =>
  Effect.map(refused(call, "validation_failed"), (error) => {
    const details = Predicate.hasProperty(error, "details") && Array.isArray(error.details) ? error.details : []
    const [first] = details
    return Predicate.hasProperty(first, "path") ? first.path : undefined
  })
