import { Effect, type Redacted, Schema } from "effect"
import * as ForwardHeaders from "../domain/ForwardHeaders.ts"
import { Headers } from "../domain/Headers.ts"
import type { Outcome } from "../domain/Judgement.ts"
import * as Signing from "../domain/Signing.ts"
import type { CallbackClient } from "./ports/CallbackClient.ts"
import * as SealedHeaders from "./SealedHeaders.ts"
import type { Work } from "./store/ClaimStore.ts"
import * as SigningEnvelopes from "./store/SigningEnvelopes.ts"
import type { Vault } from "./Vault.ts"

const decodeHeaders = Schema.decodeUnknown(Schema.parseJson(Headers))

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
  const open = (place: string, envelope: string) => {
    const known = opened.get(place + envelope)
    return known !== undefined ? Effect.succeed(known) : Effect.tap(vault.open(place, envelope), (secret) => {
      if (opened.size >= mostOpened) opened.clear()
      opened.set(place + envelope, secret)
    })
  }

  const call = Effect.fnUntraced(function*(work: Sending, body: Uint8Array, startedAt: number, received: string) {
    const timestamp = Math.floor(startedAt / 1_000)
    const secrets = yield* Effect.forEach(
      SigningEnvelopes.all(work),
      (envelope) => open(`signing:${work.destinationId}`, envelope)
    )
    const sealed = yield* SealedHeaders.open(vault, `event:${work.eventId}`, work.sealedHeaders)
    const headers = yield* Effect.orDie(decodeHeaders(received))
    const outcome = yield* client.post({
      url: work.url,
      body,
      headers: ForwardHeaders.forward({ ...headers, ...sealed }, {
        "sluice-event-id": work.eventId,
        "sluice-delivery-id": work.deliveryId,
        "sluice-attempt": String(work.attempt),
        "sluice-integration": work.integrationSlug,
        ...(work.replayId === null ? {} : { "sluice-replay-id": work.replayId }),
        ...(work.test === true ? { "sluice-test": "true" } : {}),
        ...Signing.sign(secrets, { id: work.eventId, timestamp, body }, work.signatureNames)
      })
    })
    return SealedHeaders.hidden(sealed, outcome)
  })

  return (work: Sending, body: Uint8Array, startedAt: number): Effect.Effect<Outcome> =>
    work.headers === null
      ? Effect.succeed(contentMissing)
      : Effect.catchTag(
        call(work, body, startedAt, work.headers),
        "VaultError",
        ({ message }) => Effect.succeed<Outcome>({ _tag: "Failed", reason: "secret_unreadable", message })
      )
}
