import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { Effect, Layer } from "effect"
import { DeliveryId, EventId } from "../../domain/Ids.ts"
import { Deliveries } from "../../services/Deliveries.ts"
import { Integrations } from "../../services/Integrations.ts"
import { Replays } from "../../services/Replays.ts"
import { DeliveryReader } from "../../services/store/DeliveryReader.ts"
import { EventReader } from "../../services/store/EventReader.ts"
import * as Failure from "../Failure.ts"
import { Operator } from "./Authorization.ts"
import { ManagementApi } from "./ManagementApi.ts"
import * as Page from "./Page.ts"
import * as RawContent from "./RawContent.ts"
import { found, idOf, integrationIdOf } from "./References.ts"

const eventId = idOf(EventId, "event")
const deliveryId = idOf(DeliveryId, "delivery")

const events = HttpApiBuilder.group(ManagementApi, "events", (handlers) =>
  Effect.gen(function*() {
    const events = yield* EventReader
    const idOfIntegration = integrationIdOf(yield* Integrations)
    const replays = yield* Replays

    return handlers
      .handle("list", ({ urlParams }) =>
        Effect.gen(function*() {
          const integrationId = yield* idOfIntegration(urlParams.integration)
          return yield* Page.part(urlParams, (page) => events.list({ ...urlParams, ...page, integrationId }))
        }).pipe(Failure.answered))
      .handle("get", ({ path }) =>
        Effect.flatMap(eventId(path.id), (id) => found(events.find(id), "event", id)).pipe(Failure.answered))
      .handleRaw("body", ({ path }) =>
        Effect.flatMap(eventId(path.id), (id) =>
          found(events.content(id), "kept content of an event", id)).pipe(
            Effect.map(RawContent.response),
            Failure.answered
          ))
      .handle("replay", ({ path, payload }) =>
        Effect.gen(function*() {
          const { name } = yield* Operator
          return yield* replays.request({ ...payload, eventId: yield* eventId(path.id), actor: name })
        }).pipe(Failure.answered))
  }))

const deliveries = HttpApiBuilder.group(ManagementApi, "deliveries", (handlers) =>
  Effect.gen(function*() {
    const deliveries = yield* DeliveryReader
    const idOfIntegration = integrationIdOf(yield* Integrations)
    const steered = yield* Deliveries

    return handlers
      .handle("list", ({ urlParams }) =>
        Effect.gen(function*() {
          const integrationId = yield* idOfIntegration(urlParams.integration)
          return yield* Page.part(urlParams, (page) => deliveries.list({ ...urlParams, ...page, integrationId }))
        }).pipe(Failure.answered))
      .handle("get", ({ path }) =>
        Effect.flatMap(deliveryId(path.id), (id) =>
          found(deliveries.find(id), "delivery", id)).pipe(Failure.answered))
      .handle("retry", ({ path }) =>
        Effect.gen(function*() {
          const { name } = yield* Operator
          return yield* steered.retry(name, yield* deliveryId(path.id))
        }).pipe(Failure.answered))
      .handle("cancel", ({ path, payload }) =>
        Effect.gen(function*() {
          const { name } = yield* Operator
          return yield* steered.cancel(name, yield* deliveryId(path.id), payload.reason)
        }).pipe(Failure.answered))
  }))

export const layer = Layer.mergeAll(events, deliveries)
