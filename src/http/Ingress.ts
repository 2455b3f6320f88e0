import { HttpLayerRouter, type HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { NodeHttpServerRequest } from "@effect/platform-node"
import { Effect, Layer, Option } from "effect"
import type { Headers } from "../domain/Headers.ts"
import { Request } from "../domain/verification/Request.ts"
import { Directory, type Listed } from "../services/Directory.ts"
import { type Held, Inflow } from "../services/Inflow.ts"
import { Intake } from "../services/Intake.ts"
import { Settings } from "../services/Settings.ts"
import type { Stored } from "../services/store/EventStore.ts"
import * as Bodyless from "./Bodyless.ts"
import * as Failure from "./Failure.ts"
import * as Origin from "./Origin.ts"
import * as RawBody from "./RawBody.ts"

const prefix = "/api/v1/webhooks/"
// Long enough for PostgreSQL to come back, short enough for every provider's patience with retries.
const retryAfter = { "retry-after": "5" }

/** `POST /api/v1/webhooks/{integration}`, with whatever path and query a provider adds. */
export const routes = Layer.unwrapEffect(Effect.map(
  Effect.all([Directory, Inflow, Intake, Settings]),
  ([directory, inflow, intake, settings]) => {
    const handler = (request: HttpServerRequest.HttpServerRequest) =>
      Effect.acquireUseRelease(
        inflow.open,
        (held) => receive(directory, intake, settings, held, request),
        (held) => held.close
      )
    return Layer.mergeAll(
      HttpLayerRouter.add("POST", `${prefix}:integration`, handler),
      HttpLayerRouter.add("POST", `${prefix}:integration/*`, handler)
    )
  }
))

const receive = Effect.fnUntraced(function*(
  directory: typeof Directory.Service,
  intake: typeof Intake.Service,
  settings: typeof Settings.Service,
  held: Held,
  request: HttpServerRequest.HttpServerRequest
) {
  const { path, query, reference } = target(request.originalUrl)
  const integration = yield* directory.find(reference)
  if (Option.isNone(integration)) {
    return yield* Failure.response(
      404,
      "not_found",
      "There is no such integration, or it is disabled. Check the webhook URL."
    )
  }
  const receivedAt = Math.floor(yield* directory.now)
  const body = yield* RawBody.read(request, {
    bytes: settings.maxWebhookBytes,
    time: settings.bodyTimeout,
    room: held.add
  })
  const accepted = yield* intake.accept({
    integration: integration.value,
    path,
    query,
    held,
    request: new Request({
      method: request.method,
      url: `${Origin.of(settings, request)}${prefix}${integration.value.slug}${query === "" ? "" : `?${query}`}`,
      headers: headersOf(request),
      body,
      receivedAt
    })
  })
  return answer(integration.value, accepted)
}, (program, _directory, _intake, settings) =>
  Effect.catchTags(program, {
    Refusal: ({ detail }) => Failure.response(401, "signature_invalid", detail),
    RateLimited: ({ decision }) =>
      Failure.response(429, "rate_limited", "The integration's limit of webhooks per minute is used up.", {
        "retry-after": seconds(decision.retryAfterMs),
        "ratelimit-limit": String(decision.limit),
        "ratelimit-remaining": String(decision.remaining),
        "ratelimit-reset": seconds(decision.resetMs)
      }),
    BodyError: ({ reason }) => bodyAnswer(reason, settings.maxWebhookBytes),
    StoreError: (error) => Effect.zipRight(Effect.logWarning("A webhook could not be stored", error), unavailable),
    VaultError: (error) =>
      Effect.zipRight(
        Effect.logError("A webhook could not be verified", error),
        Failure.response(
          503,
          "unavailable",
          "The integration's secret cannot be opened here, so the webhook was not accepted; the log says why.",
          retryAfter
        )
      )
  }))

const unavailable = Failure.response(
  503,
  "unavailable",
  "The webhook cannot be stored now and was not accepted; send it again.",
  retryAfter
)

const bodyAnswer = (reason: RawBody.BodyError["reason"], limit: number) => {
  switch (reason) {
    case "TooLarge":
      return Failure.response(413, "payload_too_large", `The body is larger than ${limit} bytes.`)
    case "TooSlow":
      return Failure.response(408, "request_timeout", "The body did not arrive in time.", { connection: "close" })
    case "NoRoom":
      return Failure.response(
        503,
        "unavailable",
        "Too much is waiting to be stored here; the webhook was not accepted, send it again.",
        retryAfter
      )
    case "Aborted":
      return Failure.response(400, "validation_failed", "The body broke off.", { connection: "close" })
  }
}

/** The integration's reference and what follows it, as they were sent. */
const target = (url: string) => {
  // A proxy may send the whole URL.
  const [pathname = "", ...rest] = url.replace(/^https?:\/\/[^/?]*/i, "").split("?")
  const [reference = "", ...segments] = pathname.slice(prefix.length).split("/")
  return { reference, path: segments.map((_) => `/${_}`).join(""), query: rest.join("?") }
}

const headersOf = (request: HttpServerRequest.HttpServerRequest): Headers =>
  Object.fromEntries(
    Object.entries(NodeHttpServerRequest.toIncomingMessage(request).headersDistinct)
      .flatMap(([name, values]) => values === undefined ? [] : [[name, values]])
  )

const answer = ({ response }: Listed, { duplicate, eventId }: Stored): HttpServerResponse.HttpServerResponse =>
  Option.match(response, {
    onNone: () =>
      HttpServerResponse.unsafeJson(
        { eventId, status: duplicate ? "duplicate" : "accepted", duplicate },
        { status: duplicate ? 200 : 202 }
      ),
    onSome: ({ body, contentType, status }) => Bodyless.fit(HttpServerResponse.text(body, { status, contentType }))
  })

const seconds = (millis: number): string => String(Math.max(1, Math.ceil(millis / 1_000)))
