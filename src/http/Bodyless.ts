import * as HttpServerResponse from "@effect/platform/HttpServerResponse"

const statuses: ReadonlySet<number> = new Set([204, 205, 304])

/** The response, without its body where HTTP allows none with the status. */
export const fit = (response: HttpServerResponse.HttpServerResponse): HttpServerResponse.HttpServerResponse =>
  statuses.has(response.status) ? HttpServerResponse.empty({ status: response.status }) : response
