import { Effect, Option, Schema } from "effect"
import * as ForwardHeaders from "../domain/ForwardHeaders.ts"
import { Headers } from "../domain/Headers.ts"
import type { Outcome } from "../domain/Judgement.ts"
import * as Signing from "../domain/Signing.ts"
import type { CallbackClient } from "./ports/CallbackClient.ts"
import * as SealedHeaders from "./SealedHeaders.ts"
import type { ClaimStore, Work } from "./store/ClaimStore.ts"
import type { StoreError } from "./store/Store.ts"
import type { Vault } from "./Vault.ts"

const decodeHeaders = Schema.decodeUnknown(Schema.parseJson(Headers))

/**
 * One HTTP call for a delivery: the event's exact bytes with the provider's headers, signed by the gateway. What keeps
 * it from being made is an outcome too.
 */
export const make = (
  claims: typeof ClaimStore.Service,
  vault: typeof Vault.Service,
  client: typeof CallbackClient.Service
) =>
  Effect.fn("Call")(function*(work: Work): Effect.fn.Return<Outcome, StoreError> {
    const body = yield* claims.load(work)
    if (Option.isNone(body) || work.headers === null) {
      return { _tag: "Failed", reason: "content_missing", message: "the event's content is no longer kept" }
    }
    const timestamp = Math.floor(work.claimedAt / 1_000)
    return yield* Effect.all([
      vault.open(`signing:${work.destinationId}`, work.signingEnvelope),
      SealedHeaders.open(vault, `event:${work.eventId}`, work.sealedHeaders),
      Effect.orDie(decodeHeaders(work.headers))
    ]).pipe(
      Effect.flatMap(([secret, sealed, headers]) =>
        client.post({
          url: work.url,
          body: body.value,
          headers: ForwardHeaders.forward({ ...headers, ...sealed }, {
            "sluice-event-id": work.eventId,
            "sluice-delivery-id": work.deliveryId,
            "sluice-attempt": String(work.attempt),
            "sluice-integration": work.integrationSlug,
            ...(work.replayId === null ? {} : { "sluice-replay-id": work.replayId }),
            ...Signing.sign([secret], { id: work.eventId, timestamp, body: body.value }, work.signatureNames)
          })
        })
      ),
      Effect.catchTag("VaultError", ({ message }) =>
        Effect.succeed<Outcome>({ _tag: "Failed", reason: "secret_unreadable", message }))
    )
  })
