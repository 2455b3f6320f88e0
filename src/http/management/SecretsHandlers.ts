import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { Duration, Effect, Option, Redacted } from "effect"
import { defaultOverlapSeconds } from "../../domain/Destination.ts"
import { DestinationId, SecretId } from "../../domain/Ids.ts"
import { Integrations } from "../../services/Integrations.ts"
import { IntegrationSecrets } from "../../services/IntegrationSecrets.ts"
import { SigningSecrets } from "../../services/SigningSecrets.ts"
import * as Failure from "../Failure.ts"
import { Operator } from "./Authorization.ts"
import { ManagementApi } from "./ManagementApi.ts"
import { idOf } from "./References.ts"

const destinationId = idOf(DestinationId, "destination")
const secretId = idOf(SecretId, "secret")

export const layer = HttpApiBuilder.group(ManagementApi, "secrets", (handlers) =>
  Effect.gen(function*() {
    const integrations = yield* Integrations
    const secrets = yield* IntegrationSecrets
    const signing = yield* SigningSecrets

    return handlers
      .handle("add", ({ path, payload }) =>
        Effect.gen(function*() {
          const { name } = yield* Operator
          const { id } = yield* integrations.get(path.id)
          return yield* secrets.add(name, id, payload)
        }).pipe(Failure.answered))
      .handle("change", ({ path, payload }) =>
        Effect.gen(function*() {
          const { name } = yield* Operator
          const { id } = yield* integrations.get(path.id)
          return yield* secrets.change(name, id, yield* secretId(path.secretId), payload)
        }).pipe(Failure.answered))
      .handle("remove", ({ path }) =>
        Effect.gen(function*() {
          const { name } = yield* Operator
          const { id } = yield* integrations.get(path.id)
          yield* secrets.remove(name, id, yield* secretId(path.secretId))
        }).pipe(Failure.answered))
      .handle("rotateSigning", ({ path, payload }) =>
        Effect.gen(function*() {
          const { name } = yield* Operator
          const id = yield* destinationId(path.id)
          const rotated = yield* signing.rotate(
            name,
            id,
            Duration.seconds(payload.overlapSeconds ?? defaultOverlapSeconds)
          )
          return {
            signingSecret: Redacted.value(rotated.signingSecret),
            overlapUntil: Option.getOrNull(rotated.overlapUntil)
          }
        }).pipe(Failure.answered))
  }))
