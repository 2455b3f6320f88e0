import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { Effect } from "effect"
import { DeadMessages } from "../../services/DeadMessages.ts"
import { Broker } from "../../services/ports/Broker.ts"
import { Settings } from "../../services/Settings.ts"
import * as Failure from "../Failure.ts"
import { Operator } from "./Authorization.ts"
import { ManagementApi } from "./ManagementApi.ts"
import * as Page from "./Page.ts"
import { mostRequeued } from "./QueuesApi.ts"

export const layer = HttpApiBuilder.group(ManagementApi, "queues", (handlers) =>
  Effect.gen(function*() {
    const broker = yield* Broker
    const deadMessages = yield* DeadMessages
    const { queues } = yield* Settings
    const delays = new Map(queues.rungs.map(({ delayMs, name }) => [name, delayMs]))
    const names = [queues.process, queues.retry, queues.replay, queues.deadLetter, ...delays.keys()]

    return handlers
      .handle("list", () =>
        broker.states(names).pipe(
          Effect.map((states) => ({
            data: states.map((state) => {
              const delayMs = delays.get(state.name)
              return delayMs === undefined ? state : { ...state, delayMs }
            })
          })),
          Failure.answered
        ))
      .handle("messages", ({ path, urlParams }) =>
        deadMessages.inspect(path.name, urlParams.limit ?? Page.defaultLimit).pipe(
          Effect.map((data) => ({ data })),
          Failure.answered
        ))
      .handle("requeue", ({ path, payload }) =>
        Effect.flatMap(Operator, ({ name }) =>
          deadMessages.requeue({ queue: path.name, limit: payload.limit ?? mostRequeued, actor: name })).pipe(
            Failure.answered
          ))
      .handle("purge", ({ path }) =>
        Effect.flatMap(Operator, ({ name }) =>
          deadMessages.purge({ queue: path.name, actor: name })).pipe(
            Effect.map((purged) => ({ purged })),
            Failure.answered
          ))
  }))
