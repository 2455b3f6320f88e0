import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { DateTime, Either, Option, Predicate } from "effect"
import { type Invalid, invalid } from "../../domain/Errors.ts"
import type { Headers } from "../../domain/Headers.ts"
import * as WebhookUrl from "../../domain/WebhookUrl.ts"
import type { Settings } from "../../services/Settings.ts"
import type { Tried } from "../../services/Trials.ts"
import * as Origin from "../Origin.ts"
import type { TrialInput } from "./VerificationApi.ts"

/** The request that the ingress would make of what is sent to an integration. */
export const requestOf = (
  settings: typeof Settings.Service,
  call: HttpServerRequest.HttpServerRequest,
  slug: string,
  { headers, method, receivedAt, url, ...bodies }: TrialInput
): Either.Either<Tried, Invalid> =>
  Either.map(bodyOf(bodies), (body) => {
    const called = Option.getOrElse(url, () => "")
    const host = /^https?:\/\/([^/?]+)/i.exec(called)?.[1]
    return {
      method,
      url: WebhookUrl.make(
        Origin.of(settings, host ?? call.headers["host"]),
        slug,
        WebhookUrl.queryOf(called)
      ),
      headers: headersOf(headers),
      body,
      receivedAt: Option.map(receivedAt, DateTime.toEpochMillis)
    }
  })

const bodyOf = ({ body, bodyBase64 }: Pick<TrialInput, "body" | "bodyBase64">): Either.Either<Uint8Array, Invalid> => {
  if (Option.isNone(bodyBase64)) return Either.right(Buffer.from(Option.getOrElse(body, () => "")))
  return Option.isNone(body)
    ? Either.right(Buffer.from(bodyBase64.value, "base64"))
    : Either.left(invalid("bodyBase64", "cannot be given beside body"))
}

const headersOf = (headers: TrialInput["headers"]): Headers => {
  const named = new Map<string, ReadonlyArray<string>>()
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase()
    named.set(lower, [...named.get(lower) ?? [], ...(Predicate.isString(value) ? [value] : value)])
  }
  return Object.fromEntries(named)
}
