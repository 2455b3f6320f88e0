import { Effect, Either, type Redacted, Schema } from "effect"
import * as ForwardHeaders from "../domain/ForwardHeaders.ts"
import { Headers } from "../domain/Headers.ts"
import type { Outcome } from "../domain/Judgement.ts"
import * as Signing from "../domain/Signing.ts"
import type { CallbackClient, CallbackRequest } from "./ports/CallbackClient.ts"
import * as SealedHeaders from "./SealedHeaders.ts"
import type { Work } from "./store/ClaimStore.ts"
import * as SigningEnvelopes from "./store/SigningEnvelopes.ts"
import type { Vault, VaultError } from "./Vault.ts"

const decodeHeaders = Schema.decodeUnknownSync(Schema.parseJson(Headers))

/** What is no longer there cannot be sent. */
export const contentMissing: Outcome = {
  _tag: "Failed",
  reason: "content_missing",
  message: "the event's content is no longer kept"
}

/** What a call tells of its delivery. */
export interface Sending extends
  Pick<
    Work,
    | "attempt"
    | "deliveryId"
    | "destinationId"
    | "eventId"
    | "headers"
    | "integrationSlug"
    | "replayId"
    | "sealedHeaders"
    | "nextSigningEnvelope"
    | "signatureNames"
    | "signingEnvelope"
    | "url"
  >
{
  /** Whether it is only to see what the destination does. */
  readonly test?: boolean
}

const mostOpened = 1_000

/**
 * One HTTP call for a delivery: the event's exact bytes with the provider's headers, signed by the gateway at a moment in
 * milliseconds since the epoch. What keeps it from being made is an outcome too.
 */
export const make = (vault: typeof Vault.Service, client: typeof CallbackClient.Service) => {
  // Every delivery of a destination is signed by the same few secrets.
  const opened = new Map<string, Redacted.Redacted>()
  const open = (place: string, envelope: string): Either.Either<Redacted.Redacted, VaultError> => {
    const known = opened.get(place + envelope)
    if (known !== undefined) return Either.right(known)
    return Either.map(vault.unsafeOpen(place, envelope), (secret) => {
      if (opened.size >= mostOpened) opened.clear()
      opened.set(place + envelope, secret)
      return secret
    })
  }

  const headersOf = (
    work: Sending,
    received: Headers,
    secrets: ReadonlyArray<Redacted.Redacted>,
    content: { readonly body: Uint8Array; readonly timestamp: number }
  ): CallbackRequest["headers"] =>
    ForwardHeaders.forward(received, {
      "sluice-event-id": work.eventId,
      "sluice-delivery-id": work.deliveryId,
      "sluice-attempt": String(work.attempt),
      "sluice-integration": work.integrationSlug,
      ...(work.replayId === null ? {} : { "sluice-replay-id": work.replayId }),
      ...(work.test === true ? { "sluice-test": "true" } : {}),
      ...Signing.sign(secrets, { ...content, id: work.eventId }, work.signatureNames)
    })

  return (work: Sending, body: Uint8Array, startedAt: number): Effect.Effect<Outcome> =>
    Effect.suspend(() => {
      const { headers: received } = work
      if (received === null) return Effect.succeed(contentMissing)
      const secrets = Either.all(SigningEnvelopes.all(work).map((_) => open(`signing:${work.destinationId}`, _)))
      const sealed = SealedHeaders.unsafeOpen(vault, `event:${work.eventId}`, work.sealedHeaders)
      return Either.match(Either.all({ secrets, sealed }), {
        onLeft: ({ message }) => Effect.succeed<Outcome>({ _tag: "Failed", reason: "secret_unreadable", message }),
        onRight: ({ sealed, secrets }) => {
          const content = { body, timestamp: Math.floor(startedAt / 1_000) }
          const headers = headersOf(work, { ...decodeHeaders(received), ...sealed }, secrets, content)
          return Effect.map(client.post({ url: work.url, body, headers }), (_) => SealedHeaders.hidden(sealed, _))
        }
      })
    })
}
