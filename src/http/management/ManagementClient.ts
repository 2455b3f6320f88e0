import type * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { Context, Effect, Layer, type Redacted } from "effect"
import { identity } from "effect/Function"
import { ManagementApi } from "./ManagementApi.ts"

export interface Options {
  /** Where the gateway is reached, such as `http://127.0.0.1:3000`. */
  readonly baseUrl: string | URL
  /** `MANAGEMENT_API_KEY`. Without it only health answers. */
  readonly key?: Redacted.Redacted
}

/**
 * A function for each route, by group and name: `client.events.get({ path: { id } })`. What the gateway refuses fails with
 * its answer, `{ error: { code, message, requestId } }`; what never got an answer fails with an `HttpClientError`.
 */
export interface Client extends ClientOf<typeof ManagementApi> {}

type ClientOf<Api> = Api extends HttpApi.HttpApi<infer _Id, infer Groups, infer E, infer _R>
  ? HttpApiClient.Client<Groups, E, never>
  : never

/**
 * The management API of a gateway, typed.
 *
 *     const program = Effect.flatMap(ManagementClient, (client) => client.deliveries.list({ urlParams: { limit: 50 } }))
 *     const gateway = ManagementClient.layer({ baseUrl: "http://127.0.0.1:3000", key: Redacted.make(key) })
 *     program.pipe(Effect.provide(gateway), Effect.provide(FetchHttpClient.layer), Effect.runPromise)
 */
export class ManagementClient
  extends Context.Tag("sluice/http/management/ManagementClient")<ManagementClient, Client>()
{
  static readonly layer = (options: Options): Layer.Layer<ManagementClient, never, HttpClient.HttpClient> =>
    Layer.effect(ManagementClient, Effect.suspend(() => make(options)))
}

export const make = ({ baseUrl, key }: Options): Effect.Effect<Client, never, HttpClient.HttpClient> =>
  HttpApiClient.make(ManagementApi, {
    baseUrl,
    transformClient: key === undefined ? identity : HttpClient.mapRequest(HttpClientRequest.bearerToken(key))
  })
