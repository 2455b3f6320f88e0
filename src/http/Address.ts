import type { IncomingMessage } from "node:http"
import * as Headers from "../domain/Headers.ts"
import { Request } from "../domain/verification/Request.ts"
import * as WebhookUrl from "../domain/WebhookUrl.ts"
import type { Listed } from "../services/Directory.ts"
import type { Settings } from "../services/Settings.ts"
import * as Origin from "./Origin.ts"

/** What Node has received, as a request to an integration. */
export const requestOf = (
  settings: typeof Settings.Service,
  { slug }: Listed,
  { headers: { host }, method = "", rawHeaders }: IncomingMessage,
  { body, path, query, receivedAt }: Pick<Request, "path" | "body" | "receivedAt"> & { readonly query: string }
): Request =>
  new Request({
    method,
    url: WebhookUrl.make(Origin.of(settings, host), slug, query),
    path,
    headers: Headers.ofRaw(rawHeaders),
    body,
    receivedAt
  })

/** The integration's reference and what follows it, as they were sent. */
export const target = (url = "") => {
  // A proxy may send the whole URL.
  const [pathname = "", ...rest] = url.replace(/^https?:\/\/[^/?]*/i, "").split("?")
  const [reference = "", ...segments] = pathname.slice(WebhookUrl.prefix.length).split("/")
  return { reference, path: segments.map((_) => `/${_}`).join(""), query: rest.join("?") }
}
