import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { Effect, Layer } from "effect"
import { RejectionId } from "../../domain/Ids.ts"
import { Integrations } from "../../services/Integrations.ts"
import { Rescue } from "../../services/Rescue.ts"
import { Settings } from "../../services/Settings.ts"
import { RejectionReader } from "../../services/store/RejectionReader.ts"
import { Trials } from "../../services/Trials.ts"
import * as Failure from "../Failure.ts"
import { Operator } from "./Authorization.ts"
import { ManagementApi } from "./ManagementApi.ts"
import * as Page from "./Page.ts"
import * as RawContent from "./RawContent.ts"
import { found, idOf, integrationIdOf } from "./References.ts"
import * as Trial from "./Trial.ts"

const rejectionId = idOf(RejectionId, "rejection")

const rejections = HttpApiBuilder.group(ManagementApi, "rejections", (handlers) =>
  Effect.gen(function*() {
    const integrations = yield* Integrations
    const reader = yield* RejectionReader
    const rescue = yield* Rescue

    return handlers
      .handle("list", ({ urlParams }) =>
        Effect.gen(function*() {
          const integrationId = yield* integrationIdOf(integrations)(urlParams.integration)
          return yield* Page.page(urlParams, (page) => reader.list({ ...urlParams, ...page, integrationId }))
        }).pipe(Failure.answered))
      .handle("get", ({ path }) =>
        Effect.flatMap(rejectionId(path.id), (id) =>
          found(reader.find(id), "rejection", id)).pipe(Failure.answered))
      .handleRaw("body", ({ path }) =>
        Effect.flatMap(rejectionId(path.id), (id) =>
          found(reader.content(id), "kept body of a rejection", id)).pipe(
            Effect.map(RawContent.response),
            Failure.answered
          ))
      .handle("accept", ({ path }) =>
        Effect.gen(function*() {
          const { name } = yield* Operator
          return yield* rescue.accept(name, yield* rejectionId(path.id))
        }).pipe(Failure.answered))
  }))

const verification = HttpApiBuilder.group(ManagementApi, "verification", (handlers) =>
  Effect.gen(function*() {
    const integrations = yield* Integrations
    const settings = yield* Settings
    const trials = yield* Trials

    return handlers.handle("verify", ({ path, payload, request }) =>
      Effect.gen(function*() {
        const integration = yield* integrations.get(path.id)
        return yield* trials.run(integration, yield* Trial.requestOf(settings, request, integration.slug, payload))
      }).pipe(Failure.answered))
  }))

export const layer = Layer.mergeAll(rejections, verification)
