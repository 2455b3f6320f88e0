import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Context } from "effect"
import type { IncomingMessage } from "node:http"
import type { AtOnce } from "../services/AtOnce.ts"

/** Requests that are answered without the router: what comes by the thousand pays for nothing that it does not need. */
export class Shortcut extends Context.Tag("sluice/http/Shortcut")<Shortcut, {
  readonly takes: (request: IncomingMessage) => boolean
  /**
   * Sees to a request, and calls `resume` once with what gives the answer, whose body is text in UTF-8 or nothing. The
   * function that it gives is called when that is sent, or the connection is gone: then nobody waits for an answer any more.
   */
  readonly receive: (
    request: IncomingMessage,
    resume: (answer: AtOnce<HttpServerResponse.HttpServerResponse>) => void
  ) => () => void
}>() {}
