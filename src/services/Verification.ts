import { Context, Effect, Layer, type Option, type Redacted } from "effect"
import type { Refusal } from "../domain/verification/Refusal.ts"
import type { Request } from "../domain/verification/Request.ts"
import { secretHeaders } from "../domain/verification/Scheme.ts"
import * as Verifier from "../domain/verification/Verifier.ts"
import { areNeeded, Certificates } from "./Certificates.ts"
import type { Listed } from "./Directory.ts"
import type { ProviderHostError } from "./ports/ProviderHosts.ts"
import { Rejections } from "./Rejections.ts"

/** Says who is believed. What is refused is kept for inspection. */
export class Verification extends Context.Tag("sluice/services/Verification")<Verification, {
  /** The secret that proved the request; none where the scheme proves nothing. */
  readonly verify: (
    integration: Listed,
    request: Request
  ) => Effect.Effect<Option.Option<Redacted.Redacted>, Refusal | ProviderHostError>
  /** Keeps a refusal that was found elsewhere. */
  readonly reject: (integration: Listed, request: Request, refusal: Refusal) => Effect.Effect<void>
}>() {
  static readonly layer = Layer.effect(Verification, Effect.suspend(() => make))
}

const make = Effect.gen(function*() {
  const certificates = yield* Certificates
  const rejections = yield* Rejections

  const judge = ({ scheme, secretsAt }: Listed, request: Request) => {
    const secrets = secretsAt(request.receivedAt)
    return areNeeded(scheme)
      ? Effect.flatMap(
        certificates.neededBy(scheme, secrets, request),
        (fetched) => Verifier.verify(scheme, secrets, request, fetched)
      )
      : Verifier.verify(scheme, secrets, request)
  }

  const reject = (integration: Listed, request: Request, { detail, reason }: Refusal) =>
    rejections.record({
      integrationId: integration.id,
      reason,
      detail,
      request,
      secretHeaders: secretHeaders(integration.scheme)
    })

  return Verification.of({
    reject,
    verify: (integration, request) =>
      Effect.tapErrorTag(judge(integration, request), "Refusal", (refusal) => reject(integration, request, refusal))
  })
})
