import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { Effect, Layer, type Option } from "effect"
import { ReplayId } from "../../domain/Ids.ts"
import type { ReplayScope } from "../../domain/ReplayScope.ts"
import { BulkReplays } from "../../services/BulkReplays.ts"
import { Integrations } from "../../services/Integrations.ts"
import { Replays } from "../../services/Replays.ts"
import { DeadLetterReader } from "../../services/store/DeadLetterReader.ts"
import { ReplayReader } from "../../services/store/ReplayReader.ts"
import * as Failure from "../Failure.ts"
import { Operator } from "./Authorization.ts"
import { ManagementApi } from "./ManagementApi.ts"
import * as Page from "./Page.ts"
import { found, idOf, integrationIdOf } from "./References.ts"

const replayId = idOf(ReplayId, "replay")

interface Asked {
  readonly reason: string
  readonly dryRun: boolean
  readonly ratePerSecond: Option.Option<number>
}

/** A replay of what the scope holds, or how many that would be. */
const replayed = (bulk: typeof BulkReplays.Service) => (scope: ReplayScope, { dryRun, ratePerSecond, reason }: Asked) =>
  dryRun
    ? Effect.map(bulk.count(scope), (total) => ({ dryRun: true, total }) as const)
    : Effect.flatMap(Operator, ({ name }) => bulk.request({ scope, ratePerSecond, reason, actor: name }))

const replays = HttpApiBuilder.group(ManagementApi, "replays", (handlers) =>
  Effect.gen(function*() {
    const idOfIntegration = integrationIdOf(yield* Integrations)
    const reader = yield* ReplayReader
    const replay = replayed(yield* BulkReplays)
    const replays = yield* Replays

    return handlers
      .handle("list", ({ urlParams }) =>
        Page.page(urlParams, (page) => reader.list({ ...urlParams, ...page })).pipe(Failure.answered))
      .handle("get", ({ path }) =>
        Effect.flatMap(replayId(path.id), (id) =>
          found(reader.find(id), "replay", id)).pipe(Failure.answered))
      .handle("create", ({ payload }) =>
        Effect.gen(function*() {
          const integration = yield* idOfIntegration(payload.filter.integration)
          return yield* replay({ kind: "events", filter: { ...payload.filter, integration } }, payload)
        }).pipe(Failure.answered))
      .handle("cancel", ({ path }) =>
        Effect.gen(function*() {
          const { name } = yield* Operator
          return yield* replays.cancel(name, yield* replayId(path.id))
        }).pipe(Failure.answered))
  }))

const deadLetters = HttpApiBuilder.group(ManagementApi, "deadLetters", (handlers) =>
  Effect.gen(function*() {
    const deadLetters = yield* DeadLetterReader
    const idOfIntegration = integrationIdOf(yield* Integrations)
    const replay = replayed(yield* BulkReplays)

    return handlers
      .handle("list", ({ urlParams }) =>
        Effect.gen(function*() {
          const integration = yield* idOfIntegration(urlParams.integration)
          return yield* Page.part(urlParams, (page) => deadLetters.list({ ...urlParams, ...page, integration }))
        }).pipe(Failure.answered))
      .handle("replay", ({ payload }) =>
        Effect.gen(function*() {
          const integration = yield* idOfIntegration(payload.filter.integration)
          return yield* replay({ kind: "dead-letters", filter: { ...payload.filter, integration } }, payload)
        }).pipe(Failure.answered))
  }))

export const layer = Layer.mergeAll(replays, deadLetters)
