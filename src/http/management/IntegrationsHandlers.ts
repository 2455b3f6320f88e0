import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { Effect, Layer, Redacted } from "effect"
import type { DestinationStatus } from "../../domain/Destination.ts"
import { DestinationId } from "../../domain/Ids.ts"
import type { Integration } from "../../domain/Integration.ts"
import type { Waiting } from "../../domain/Waiting.ts"
import * as WebhookUrl from "../../domain/WebhookUrl.ts"
import { CallbackTests } from "../../services/CallbackTests.ts"
import { Destinations } from "../../services/Destinations.ts"
import { Integrations } from "../../services/Integrations.ts"
import { Settings } from "../../services/Settings.ts"
import * as Failure from "../Failure.ts"
import * as Origin from "../Origin.ts"
import { Operator } from "./Authorization.ts"
import { ManagementApi } from "./ManagementApi.ts"
import * as Page from "./Page.ts"
import { idOf } from "./References.ts"

const integrations = HttpApiBuilder.group(ManagementApi, "integrations", (handlers) =>
  Effect.gen(function*() {
    const destinations = yield* Destinations
    const integrations = yield* Integrations
    const settings = yield* Settings

    const view = (request: HttpServerRequest.HttpServerRequest) => (integration: Integration) => ({
      ...integration,
      webhookUrl: WebhookUrl.make(Origin.of(settings, request.headers["host"]), integration.slug)
    })

    return handlers
      .handle("list", ({ request, urlParams }) =>
        Page.page(urlParams, integrations.list).pipe(
          Effect.map(({ data, nextCursor }) => ({ data: data.map(view(request)), nextCursor })),
          Failure.answered
        ))
      .handle("create", ({ payload, request }) =>
        Effect.flatMap(Operator, ({ name }) =>
          integrations.create(name, payload)).pipe(
            Effect.map(({ integration, signingSecrets }) => ({
              ...view(request)(integration),
              destinations: integration.destinations.flatMap((destination) => {
                const signingSecret = signingSecrets.get(destination.id)
                return signingSecret === undefined
                  ? []
                  : [{ ...destination, signingSecret: Redacted.value(signingSecret) }]
              })
            })),
            Failure.answered
          ))
      .handle("get", ({ path, request }) =>
        integrations.get(path.id).pipe(Effect.map(view(request)), Failure.answered))
      .handle("update", ({ path, payload, request }) =>
        Effect.gen(function*() {
          const { name } = yield* Operator
          const { id } = yield* integrations.get(path.id)
          const { integration, waiting } = yield* integrations.update(name, id, payload)
          return { ...view(request)(integration), ...told(waiting) }
        }).pipe(Failure.answered))
      .handle("remove", ({ path }) =>
        Effect.gen(function*() {
          const { name } = yield* Operator
          const { id } = yield* integrations.get(path.id)
          return { id, waiting: yield* integrations.remove(name, id) }
        }).pipe(Failure.answered))
      .handle("destinations", ({ path }) =>
        integrations.get(path.id).pipe(Effect.map(({ destinations }) => ({ data: destinations })), Failure.answered))
      .handle("addDestination", ({ path, payload }) =>
        Effect.gen(function*() {
          const { name } = yield* Operator
          const integration = yield* integrations.get(path.id)
          const { destination, signingSecret } = yield* destinations.create(name, integration, payload)
          return { ...destination, signingSecret: Redacted.value(signingSecret) }
        }).pipe(Failure.answered))
  }))

/** What waits, where there is something to be said of it. */
const told = (waiting: Waiting | null) => waiting === null ? {} : { waiting }

const destinationId = idOf(DestinationId, "destination")

const destinations = HttpApiBuilder.group(ManagementApi, "destinations", (handlers) =>
  Effect.gen(function*() {
    const destinations = yield* Destinations
    const tests = yield* CallbackTests

    const setStatus = (id: string, status: DestinationStatus) =>
      Effect.gen(function*() {
        const { name } = yield* Operator
        const { destination, waiting } = yield* destinations.setStatus(name, yield* destinationId(id), status)
        return { ...destination, ...told(waiting) }
      }).pipe(Failure.answered)

    return handlers
      .handle("get", ({ path }) => destinationId(path.id).pipe(Effect.flatMap(destinations.get), Failure.answered))
      .handle("update", ({ path, payload }) =>
        Effect.gen(function*() {
          const { name } = yield* Operator
          const { destination, waiting } = yield* destinations.update(name, yield* destinationId(path.id), payload)
          return { ...destination, ...told(waiting) }
        }).pipe(Failure.answered))
      .handle("remove", ({ path }) =>
        Effect.gen(function*() {
          const { name } = yield* Operator
          const id = yield* destinationId(path.id)
          return { id, waiting: yield* destinations.remove(name, id) }
        }).pipe(Failure.answered))
      .handle("pause", ({ path }) => setStatus(path.id, "paused"))
      .handle("resume", ({ path }) => setStatus(path.id, "active"))
      .handle("test", ({ path, payload }) =>
        Effect.gen(function*() {
          const { name } = yield* Operator
          return yield* tests.run(name, yield* destinationId(path.id), payload)
        }).pipe(Failure.answered))
  }))

export const layer = Layer.mergeAll(integrations, destinations)
