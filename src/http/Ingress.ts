import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Cause, Effect, Layer } from "effect"
import * as WebhookUrl from "../domain/WebhookUrl.ts"
import * as AtOnce from "../services/AtOnce.ts"
import * as Failure from "./Failure.ts"
import { Shortcut } from "./Shortcut.ts"
import { Webhooks } from "./Webhooks.ts"

/**
 * `POST /api/v1/webhooks/{integration}`, with whatever path and query a provider adds; GET and HEAD for the handshakes of
 * those that ask so.
 */
export const routes = Layer.unwrapEffect(Effect.map(Webhooks, ({ asked, receive }) => {
  const posted = (request: HttpServerRequest.HttpServerRequest) =>
    Effect.async<HttpServerResponse.HttpServerResponse>((resume) => {
      const stop = receive(
        NodeHttpServerRequest.toIncomingMessage(request),
        (answer) => resume(AtOnce.program(answer))
      )
      return Effect.sync(stop)
    })
  const shaken = (request: HttpServerRequest.HttpServerRequest) =>
    asked(NodeHttpServerRequest.toIncomingMessage(request))
  return Layer.mergeAll(
    HttpLayerRouter.add("POST", `${WebhookUrl.prefix}:integration`, posted),
    HttpLayerRouter.add("POST", `${WebhookUrl.prefix}:integration/*`, posted),
    // The router gives these HEAD too.
    HttpLayerRouter.add("GET", `${WebhookUrl.prefix}:integration`, shaken),
    HttpLayerRouter.add("GET", `${WebhookUrl.prefix}:integration/*`, shaken)
  )
}))

/** Webhooks, as nearly all of them come, past the router. */
export const shortcut = Layer.effect(
  Shortcut,
  Effect.map(Webhooks, ({ receive }) => ({
    takes: ({ method, url = "" }) => method === "POST" && isWebhookUrl(url),
    receive: (request, resume) =>
      receive(
        request,
        (answer) =>
          resume(answer._tag === "Later" ? AtOnce.later(Effect.catchAllCause(answer.program, unexpected)) : answer)
      )
  }))
)

const unexpected = (cause: Cause.Cause<never>) =>
  Cause.isInterruptedOnly(cause) ? Effect.failCause(cause) : Failure.internal(cause)

const isWebhookUrl = (url: string): boolean =>
  url.startsWith(WebhookUrl.prefix) && !endsName(url.charAt(WebhookUrl.prefix.length))

const endsName = (character: string): boolean => character === "" || character === "/" || character === "?"
