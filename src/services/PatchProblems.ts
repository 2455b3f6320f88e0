import { Effect, Schema } from "effect"
import { Conflict, type Problem } from "../domain/Errors.ts"
import type { Integration, IntegrationPatch } from "../domain/Integration.ts"
import { type Choice, decodeChoice, schemeOf } from "../domain/providers/Providers.ts"
import { Override } from "../domain/verification/Naming.ts"
import type { Scheme } from "../domain/verification/Scheme.ts"
import * as Problems from "./IntegrationProblems.ts"
import type { SecretStore } from "./store/SecretStore.ts"
import type { StoreError } from "./store/Store.ts"
import type { Vault } from "./Vault.ts"

type Read = Pick<Integration, "dedupe" | "eventType" | "options" | "provider" | "scheme">

const unreadable = () =>
  new Conflict({
    message:
      "This revision of the gateway cannot read how the integration is verified, as if a newer one had made it: " +
      "change it there, or delete it."
  })

/** How an integration is verified, where this revision knows it. */
export const choiceOf = (integration: Read): Effect.Effect<Choice, Conflict> =>
  Effect.mapError(decodeChoice(integration), unreadable)

/** What is wrong with changing an integration in this way. */
export const make = (store: typeof SecretStore.Service, vault: typeof Vault.Service) => {
  /** Whether the secrets that an integration has fit another scheme. */
  const unfit = Effect.fnUntraced(function*(integrationId: string, path: string, scheme: Scheme) {
    const secrets = yield* Effect.forEach(
      yield* store.live(integrationId),
      ({ envelope, id }) => vault.open(`secret:${id}`, envelope)
    ).pipe(
      Effect.catchTag(
        "VaultError",
        ({ message }) => new Conflict({ message: `Whether the secrets fit another scheme cannot be told. ${message}` })
      )
    )
    return Problems.ofSecrets(scheme, secrets).map(({ problem }) => ({
      path,
      problem: `the integration's secrets do not fit it: one ${problem}`
    }))
  })

  return Effect.fnUntraced(function*(
    integration: Integration,
    patch: IntegrationPatch
  ): Effect.fn.Return<ReadonlyArray<Problem>, Conflict | StoreError> {
    if (!isAboutScheme(patch)) return []
    const choice = yield* choiceOf(integration)
    const names = yield* Effect.mapError(decodeNames(integration), unreadable)
    const chosen = { ...choice, scheme: patch.scheme ?? choice.scheme, options: patch.options ?? choice.options }
    const changed = patch.scheme === undefined ? patch.options === undefined ? [] : ["options"] : ["scheme"]
    return [
      ...Problems.ofOptions(choice.provider, patch.options ?? {}),
      ...Problems.ofScheme(choice.provider, patch.scheme),
      ...Problems.ofVerifyToken(schemeOf(chosen), patch.verifyToken),
      ...Problems.ofNames(chosen, { ...names, ...patch }),
      ...(yield* Effect.forEach(changed, (path) => unfit(integration.id, path, schemeOf(chosen)))).flat()
    ]
  })
}

const decodeNames = Schema.decodeUnknown(
  Schema.Struct({ dedupe: Schema.NullOr(Override), eventType: Schema.NullOr(Override) })
)

const isAboutScheme = ({ dedupe, eventType, options, scheme, verifyToken }: IntegrationPatch): boolean =>
  [dedupe, eventType, options, scheme, verifyToken].some((_) => _ !== undefined && _ !== null)
