// @effect-diagnostics strictEffectProvide:off
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { assert } from "@effect/vitest"
import { Context, Effect, Layer, Predicate, Redacted } from "effect"
import * as ManagementClient from "../../src/http/management/ManagementClient.ts"
import type { Settings } from "../../src/services/Settings.ts"
import * as Gateway from "./Gateway.ts"
import * as Grounds from "./Grounds.ts"
import { managementKey } from "./ManagementKey.ts"
import { TestDatabase } from "./TestDatabase.ts"

export type Client = ManagementClient.Client

/** The gateway's typed client in three hands: of who has the key, of who has a wrong one, and of who has none. */
export class Clients extends Context.Tag("sluice/test/support/Client/Clients")<Clients, {
  readonly operator: Client
  readonly stranger: Client
  readonly nobody: Client
}>() {
  static readonly layer = Layer.effect(
    Clients,
    Effect.flatMap(Gateway.Gateway, ({ base: baseUrl }) =>
      Effect.all({
        operator: ManagementClient.make({ baseUrl, key: Redacted.make(managementKey) }),
        stranger: ManagementClient.make({ baseUrl, key: Redacted.make("a-key-that-is-wrong") }),
        nobody: ManagementClient.make({ baseUrl })
      }))
  ).pipe(Layer.provide(FetchHttpClient.layer))
}

/** The API role alone, on the twins and a database of its own, with its clients. */
export const onTwins = (changes: Partial<typeof Settings.Service> = {}) =>
  Clients.layer.pipe(
    Layer.provideMerge(Gateway.api),
    Layer.provideMerge(Layer.merge(Grounds.twins(Grounds.settings(changes)), TestDatabase))
  )

/** The gateway's error of a call that must fail with this code. */
export const refused = <A, E, R>(call: Effect.Effect<A, E, R>, code: string) =>
  Effect.map(Effect.orDie(Effect.flip(call)), (answer) => {
    const error = Predicate.hasProperty(answer, "error") ? answer.error : answer
    assert.propertyVal(error, "code", code)
    assert.isTrue(Predicate.hasProperty(error, "message") && Predicate.isString(error.message) && error.message !== "")
    assert.isTrue(Predicate.hasProperty(error, "requestId") && Predicate.isString(error.requestId))
    return error
  })

/** The paths that a call is refused for, in order. */
export const complaints = <A, E, R>(call: Effect.Effect<A, E, R>) =>
  Effect.map(refused(call, "validation_failed"), (error) => {
    const details = Predicate.hasProperty(error, "details") && Array.isArray(error.details) ? error.details : []
    return details.map((detail) => Predicate.hasProperty(detail, "path") ? String(detail.path) : "")
  })

/** Calls by the route's name, such as `events.get`. */
export const call = (client: Client, name: string, request: unknown): Effect.Effect<unknown, object> => {
  const [group = "", endpoint = ""] = name.split(".")
  const functions: unknown = Reflect.get(client, group)
  const called: unknown = Predicate.isObject(functions) ? Reflect.get(functions, endpoint) : undefined
  return Predicate.isFunction(called)
    ? Reflect.apply(called, undefined, [request])
    : Effect.dieMessage(`The client has no ${name}.`)
}

/** A call that is refused to who has no key, and to who has a wrong one. */
export const guarded = <A, E, R>(call: (client: Client) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(
    Clients,
    ({ nobody, stranger }) =>
      Effect.forEach([nobody, stranger], (client) => refused(call(client), "unauthorized"), { discard: true })
  )
