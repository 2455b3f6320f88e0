import { HttpLayerRouter, type HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { NodeHttpServerRequest } from "@effect/platform-node"
import { type Array, Effect, Layer, Option } from "effect"
import * as Acceptance from "../domain/Acceptance.ts"
import type { Headers } from "../domain/Headers.ts"
import type { Answer } from "../domain/verification/Handshake.ts"
import { Request } from "../domain/verification/Request.ts"
import * as WebhookUrl from "../domain/WebhookUrl.ts"
import { Directory, type Listed } from "../services/Directory.ts"
import * as Elapsed from "../services/Elapsed.ts"
import { Handshakes } from "../services/Handshakes.ts"
import { type Held, Inflow } from "../services/Inflow.ts"
import { Intake } from "../services/Intake.ts"
import { type Rejection, Rejections } from "../services/Rejections.ts"
import { Settings } from "../services/Settings.ts"
import type { Stored } from "../services/store/EventStore.ts"
import { Verification } from "../services/Verification.ts"
import * as Bodyless from "./Bodyless.ts"
import * as Failure from "./Failure.ts"
import * as NotAccepted from "./NotAccepted.ts"
import * as Origin from "./Origin.ts"
import * as RawBody from "./RawBody.ts"
import * as Refused from "./Refused.ts"

interface Behind {
  readonly directory: typeof Directory.Service
  readonly handshakes: typeof Handshakes.Service
  readonly intake: typeof Intake.Service
  readonly rejections: typeof Rejections.Service
  readonly verification: typeof Verification.Service
  readonly settings: typeof Settings.Service
}

/**
 * `POST /api/v1/webhooks/{integration}`, with whatever path and query a provider adds; GET and HEAD for the handshakes of
 * those that ask so.
 */
export const routes = Layer.unwrapEffect(Effect.gen(function*() {
  const inflow = yield* Inflow
  const behind: Behind = {
    directory: yield* Directory,
    handshakes: yield* Handshakes,
    intake: yield* Intake,
    rejections: yield* Rejections,
    verification: yield* Verification,
    settings: yield* Settings
  }
  const posted = (request: HttpServerRequest.HttpServerRequest) =>
    Effect.acquireUseRelease(inflow.open, (held) => receive(behind, held, request), (held) => held.close)
  const asked = (request: HttpServerRequest.HttpServerRequest) => shake(behind, request)
  return Layer.mergeAll(
    HttpLayerRouter.add("POST", `${WebhookUrl.prefix}:integration`, posted),
    HttpLayerRouter.add("POST", `${WebhookUrl.prefix}:integration/*`, posted),
    // The router gives these HEAD too.
    HttpLayerRouter.add("GET", `${WebhookUrl.prefix}:integration`, asked),
    HttpLayerRouter.add("GET", `${WebhookUrl.prefix}:integration/*`, asked)
  )
}))

const receive = Effect.fnUntraced(function*(
  { directory, handshakes, intake, rejections, settings, verification }: Behind,
  held: Held,
  sent: HttpServerRequest.HttpServerRequest
) {
  const { path, query, reference } = target(sent.originalUrl)
  const found = yield* directory.find(reference)
  const receivedAt = Math.floor(yield* directory.now)
  if (Option.isNone(found)) {
    const { method } = sent
    return yield* refused(rejections, Refused.unknown(reference, { method, headers: headersOf(sent), receivedAt }))
  }
  const integration = found.value
  const begun = yield* Elapsed.seconds
  const arrived = (body: Uint8Array) => requestOf(settings, integration, sent, { path, query, body, receivedAt })
  const reading = RawBody.read(sent, {
    bytes: settings.maxWebhookBytes,
    time: settings.bodyTimeout,
    room: held.add
  })
  if (integration.status === "disabled") {
    return yield* refused(rejections, Refused.disabled(integration, arrived, yield* Effect.option(reading)))
  }
  const body = yield* Effect.tapError(reading, (error) =>
    Effect.transposeMapOption(
      Refused.unread(integration, arrived, error, settings.maxWebhookBytes),
      rejections.record
    ))
  const request = arrived(body)
  const arrival = { begun, whole: yield* Elapsed.seconds }
  return yield* Effect.gen(function*() {
    const unsigned = yield* handshakes.unsigned(integration, request)
    if (Option.isSome(unsigned)) return handshaken(unsigned.value)
    const secret = yield* verification.verify(integration, request)
    const signed = yield* handshakes.signed(integration, request, secret)
    if (Option.isSome(signed)) return handshaken(signed.value)
    return answer(integration, yield* intake.accept({ integration, path, query, held, request, arrival }))
  }).pipe(
    Effect.tapErrorTag("Refusal", (_) => rejections.record(Refused.unbelieved(integration, request, _))),
    Effect.tapErrorTag("RateLimited", (_) => rejections.record(Refused.overLimit(integration, request, _)))
  )
}, (program, { settings }) => NotAccepted.answered(settings, program))

const shake = Effect.fnUntraced(function*(
  { directory, handshakes, rejections, settings }: Behind,
  sent: HttpServerRequest.HttpServerRequest
) {
  const { path, query, reference } = target(sent.originalUrl)
  const found = yield* directory.find(reference)
  const receivedAt = Math.floor(yield* directory.now)
  if (Option.isNone(found)) {
    const { method } = sent
    return yield* refused(rejections, Refused.unknown(reference, { method, headers: headersOf(sent), receivedAt }))
  }
  const integration = found.value
  const request = requestOf(settings, integration, sent, { path, query, body: noBytes, receivedAt })
  if (integration.status === "disabled") {
    return yield* refused(rejections, Refused.disabled(integration, () => request, Option.none()))
  }
  const shaken = yield* Effect.tapErrorTag(
    handshakes.unsigned(integration, request),
    "Refusal",
    (_) => rejections.record(Refused.unbelieved(integration, request, _))
  )
  return Option.isSome(shaken) ? handshaken(shaken.value) : yield* onlyPost
}, (program, { settings }) => NotAccepted.answered(settings, program))

const noBytes = new Uint8Array()

const unknown = "There is no such integration, or it is disabled. Check the webhook URL."

const refused = ({ record }: typeof Rejections.Service, rejection: Rejection) =>
  Effect.zipRight(record(rejection), NotAccepted.refuse(rejection.reason, 404, "not_found", unknown))

const onlyPost = Failure.response(
  404,
  "not_found",
  "Webhooks are sent here with POST; this is no handshake that the integration's provider makes."
)

const requestOf = (
  settings: typeof Settings.Service,
  { slug }: Listed,
  sent: HttpServerRequest.HttpServerRequest,
  { query, ...fields }: Pick<Request, "path" | "body" | "receivedAt"> & { readonly query: string }
): Request =>
  new Request({
    ...fields,
    method: sent.method,
    url: WebhookUrl.make(Origin.of(settings, sent), slug, query),
    headers: headersOf(sent)
  })

/** The integration's reference and what follows it, as they were sent. */
const target = (url: string) => {
  // A proxy may send the whole URL.
  const [pathname = "", ...rest] = url.replace(/^https?:\/\/[^/?]*/i, "").split("?")
  const [reference = "", ...segments] = pathname.slice(WebhookUrl.prefix.length).split("/")
  return { reference, path: segments.map((_) => `/${_}`).join(""), query: rest.join("?") }
}

const headersOf = (request: HttpServerRequest.HttpServerRequest): Headers =>
  Object.fromEntries(
    Object.entries(NodeHttpServerRequest.toIncomingMessage(request).headersDistinct)
      .flatMap(([name, values]) => values === undefined ? [] : [[name, values]])
  )

const answer = (
  { response }: Listed,
  stored: Array.NonEmptyReadonlyArray<Stored>
): HttpServerResponse.HttpServerResponse =>
  Option.match(response, {
    onNone: () => {
      const told = Acceptance.of(stored)
      return HttpServerResponse.unsafeJson(told, { status: told.duplicate ? 200 : 202 })
    },
    onSome: ({ body, contentType, status }) => Bodyless.fit(HttpServerResponse.text(body, { status, contentType }))
  })

// What is echoed is text, whatever a browser would make of it.
const handshaken = ({ body, contentType, status }: Answer): HttpServerResponse.HttpServerResponse =>
  Bodyless.fit(HttpServerResponse.text(body, { status, contentType, headers: { "x-content-type-options": "nosniff" } }))
