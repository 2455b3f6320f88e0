import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { type Clock, Effect, FiberRef, LogLevel } from "effect"
import type { Refusal } from "../domain/verification/Refusal.ts"
import type { UnknownScheme } from "../services/Directory.ts"
import type { RateLimited } from "../services/Intake.ts"
import * as Metrics from "../services/Metrics.ts"
import type { ProviderHostError } from "../services/ports/ProviderHosts.ts"
import type { Settings } from "../services/Settings.ts"
import type { StoreError } from "../services/store/Store.ts"
import type { VaultError } from "../services/Vault.ts"
import * as Failure from "./Failure.ts"
import type * as RawBody from "./RawBody.ts"

// Long enough for PostgreSQL to come back, short enough for every provider's patience with retries.
const retryAfter = { "retry-after": "5" }

// Whoever forges signatures would have a log annotated each time that nobody writes.
export const isDebugging = Effect.map(
  FiberRef.get(FiberRef.currentMinimumLogLevel),
  LogLevel.lessThanEqual(LogLevel.Debug)
)

/** Counts a webhook that is not accepted; the log has the reason under the answer's request id. */
export const refuse = (
  reason: string,
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
  log?: Effect.Effect<void>
) =>
  Effect.flatMap(isDebugging, (isDebugging) => {
    const debug = isDebugging ? Effect.logDebug("A webhook was not accepted", { reason }) : undefined
    return Effect.zipRight(Metrics.rejected(reason), Failure.response(status, code, message, headers, log ?? debug))
  })

type Response = HttpServerResponse.HttpServerResponse
export type Failed =
  | Refusal
  | RateLimited
  | RawBody.BodyError
  | StoreError
  | ProviderHostError
  | VaultError
  | UnknownScheme

/** Answers a webhook's failure. */
export const answered = (settings: typeof Settings.Service) => {
  const answers = answersOf(settings)
  return (program: Effect.Effect<Response, Failed>): Effect.Effect<Response> => Effect.catchTags(program, answers)
}

const unbelieved = [401, "signature_invalid"] as const

/** The same for one that is not believed, at once; nothing is logged. */
export const unsafeRefusal = (clock: Clock.Clock, { detail, reason }: Refusal): Response => {
  Metrics.unsafeRejected(reason)
  return Failure.unsafeResponse(clock, ...unbelieved, detail)
}

const answersOf = ({ maxWebhookBytes }: typeof Settings.Service) => ({
  Refusal: ({ detail, reason }: Refusal) => refuse(reason, ...unbelieved, detail),
  RateLimited: ({ decision }: RateLimited) =>
    refuse("rate_limited", 429, "rate_limited", "The integration's limit of webhooks per minute is used up.", {
      "retry-after": seconds(decision.retryAfterMs),
      "ratelimit-limit": String(decision.limit),
      "ratelimit-remaining": String(decision.remaining),
      "ratelimit-reset": seconds(decision.resetMs)
    }),
  BodyError: ({ reason }: RawBody.BodyError) => bodyAnswer(reason, maxWebhookBytes),
  StoreError: (error: StoreError) =>
    notNow(
      "not_stored",
      "The webhook cannot be stored now and was not accepted; send it again.",
      Effect.logWarning("A webhook could not be stored", error)
    ),
  ProviderHostError: (error: ProviderHostError) =>
    notNow(
      "provider_unreachable",
      "The provider's own host did not answer, so the webhook could not be verified and was not accepted; send it again.",
      Effect.logWarning("A provider's host did not say what it was asked", error)
    ),
  VaultError: (error: VaultError) =>
    notNow(
      "secret_unreadable",
      "The integration's secret cannot be opened here, so the webhook was not accepted; the log says why.",
      Effect.logError("A webhook could not be verified", error)
    ),
  UnknownScheme: (error: UnknownScheme) =>
    notNow(
      "scheme_unknown",
      "This revision of the gateway cannot read the integration, so the webhook was not accepted; the log says why.",
      Effect.logError("A webhook could not be verified", error)
    )
})

const notNow = (reason: string, message: string, log?: Effect.Effect<void>) =>
  refuse(reason, 503, "unavailable", message, retryAfter, log)

const bodyAnswer = (reason: RawBody.BodyError["reason"], limit: number) => {
  switch (reason) {
    case "TooLarge":
      return refuse("body_too_large", 413, "payload_too_large", `The body is larger than ${limit} bytes.`)
    case "TooSlow":
      return refuse("body_too_slow", 408, "request_timeout", "The body did not arrive in time.", {
        connection: "close"
      })
    case "NoRoom":
      return notNow("no_room", "Too much is waiting to be stored here; the webhook was not accepted, send it again.")
    case "Aborted":
      return refuse("aborted", 400, "validation_failed", "The body broke off.", { connection: "close" })
  }
}

const seconds = (millis: number): string => String(Math.max(1, Math.ceil(millis / 1_000)))
