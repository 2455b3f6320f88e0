import { Context, Effect, Layer, type Option, type Redacted } from "effect"
import type { Refusal } from "../domain/verification/Refusal.ts"
import type { Request } from "../domain/verification/Request.ts"
import * as Verifier from "../domain/verification/Verifier.ts"
import * as AtOnce from "./AtOnce.ts"
import { areNeeded, Certificates } from "./Certificates.ts"
import type { Listed } from "./Directory.ts"
import type { ProviderHostError } from "./ports/ProviderHosts.ts"

/** Says who is believed. */
export class Verification extends Context.Tag("sluice/services/Verification")<Verification, {
  /**
   * The secret that proved the request; none where the scheme proves nothing. A timestamp is judged by the moment of
   * receipt, and so is which secrets are valid, unless another moment is given for these, in milliseconds.
   */
  readonly verify: (
    integration: Listed,
    request: Request,
    secretsAt?: number
  ) => AtOnce.AtOnce<Option.Option<Redacted.Redacted>, Refusal | ProviderHostError>
}>() {
  static readonly layer = Layer.effect(
    Verification,
    Effect.map(Certificates, (certificates) =>
      Verification.of({
        verify: (integration, request, secretsAt = request.receivedAt) => {
          const { scheme } = integration
          const secrets = integration.secretsAt(secretsAt)
          return areNeeded(scheme)
            ? AtOnce.later(Effect.flatMap(
              certificates.neededBy(scheme, secrets, request),
              (fetched) => Verifier.verify(scheme, secrets, request, fetched)
            ))
            : Verifier.verify(scheme, secrets, request)
        }
      }))
  )
}
