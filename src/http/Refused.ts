import { Option, Schema } from "effect"
import { Refusal } from "../domain/verification/Refusal.ts"
import { Request } from "../domain/verification/Request.ts"
import * as WebhookUrl from "../domain/WebhookUrl.ts"
import type { Listed } from "../services/Directory.ts"
import { RateLimited } from "../services/Intake.ts"
import type { Rejection } from "../services/Rejections.ts"
import type { BodyError } from "./RawBody.ts"

const maxNameLength = 64
const noBytes = new Uint8Array()

/** What is kept of a request for an integration that is not there: of its URL the name alone, the rest may be secret. */
export const unknown = (
  name: string,
  { headers, method, receivedAt }: Pick<Request, "method" | "headers" | "receivedAt">
): Rejection => ({
  integration: Option.none(),
  reason: "integration_unknown",
  detail: "There is no integration by the name in the URL.",
  request: new Request({
    method,
    url: WebhookUrl.make("", name.length > maxNameLength ? `${name.slice(0, maxNameLength)}…` : name),
    headers,
    body: noBytes,
    receivedAt
  }),
  size: Option.none()
})

/** Of a request for a disabled integration; its body as far as it came in. */
export const disabled = (
  integration: Listed,
  request: (body: Uint8Array) => Request,
  body: Option.Option<Uint8Array>
): Rejection => ({
  integration: Option.some(integration),
  reason: "integration_disabled",
  detail: "The integration is disabled.",
  request: asKept(request(Option.getOrElse(body, () => noBytes))),
  size: Option.map(body, (_) => _.byteLength)
})

/** Of a request whose body was not read to its end; none where the sender went away, or is to try again. */
export const unread = (
  integration: Listed,
  request: (body: Uint8Array) => Request,
  { reason }: BodyError,
  limit: number
): Option.Option<Rejection> => {
  if (reason !== "TooLarge" && reason !== "TooSlow") return Option.none()
  const bare = request(noBytes)
  return Option.some({
    integration: Option.some(integration),
    ...(reason === "TooLarge"
      ? { reason: "body_too_large", detail: `The body is larger than ${limit} bytes.` }
      : { reason: "body_too_slow", detail: "The body did not arrive in time." }),
    request: bare,
    size: Option.flatMap(bare.header("content-length"), decodeSize)
  })
}

const decodeSize = Schema.decodeOption(Schema.NumberFromString.pipe(Schema.int(), Schema.between(0, 2 ** 31 - 1)))

/** Of a request that was not believed, or is one too many; none where the fault is not the sender's. */
export const judged = (
  integration: Listed,
  request: Request,
  error: Refusal | RateLimited | { readonly _tag: string }
): Option.Option<Rejection> => {
  if (error instanceof Refusal) return Option.some(unbelieved(integration, request, error))
  return error instanceof RateLimited ? Option.some(overLimit(integration, request, error)) : Option.none()
}

const unbelieved = (integration: Listed, request: Request, { detail, reason }: Refusal): Rejection => ({
  integration: Option.some(integration),
  reason,
  detail,
  request: reason === "handshake_refused" ? withoutQuery(request) : request,
  size: Option.some(request.body.byteLength)
})

const overLimit = (integration: Listed, request: Request, { decision }: RateLimited): Rejection => ({
  integration: Option.some(integration),
  reason: "rate_limited",
  detail: `The integration's limit of ${decision.limit} webhooks per minute was used up.`,
  request,
  size: Option.some(request.body.byteLength)
})

/** Only handshakes are sent in another way than with POST. */
const asKept = (request: Request): Request => request.method === "POST" ? request : withoutQuery(request)

// A handshake's may hold the right verify token, before the integration has it.
const withoutQuery = ({ body, headers, method, path, receivedAt, url }: Request): Request =>
  new Request({ method, url: url.split("?")[0] ?? url, path, headers, body, receivedAt })
