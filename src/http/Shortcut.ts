import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Context, type Effect } from "effect"
import type { IncomingMessage } from "node:http"

/** Requests that are answered without the router: what comes by the thousand pays for nothing that it does not need. */
export class Shortcut extends Context.Tag("sluice/http/Shortcut")<Shortcut, {
  readonly takes: (request: IncomingMessage) => boolean
  /** The answer, whose body is bytes or nothing. */
  readonly answer: (request: IncomingMessage) => Effect.Effect<HttpServerResponse.HttpServerResponse>
}>() {}
