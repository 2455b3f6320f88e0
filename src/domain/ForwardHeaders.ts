import type { Headers } from "./Headers.ts"

// What belongs to one connection, to the gateway's own address, or to the sender's credentials (RFC 9110, 7.6.1).
const withheld = new Set([
  "accept-encoding",
  "authorization",
  "connection",
  "content-length",
  "cookie",
  "expect",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade"
])

/** What only the gateway says: no sender makes a webhook pass for a replay or a test. */
const ownPrefix = "sluice-"

/**
 * The headers of an attempt as name and value by turns: the provider's own, then the gateway's, which win over a
 * provider's header of the same name.
 */
export const forward = (received: Headers, added: Readonly<Record<string, string>>): ReadonlyArray<string> => {
  const connection = new Set((received["connection"] ?? []).flatMap((_) => _.toLowerCase().split(/\s*,\s*/)))
  const forwarded: Array<string> = []
  for (const [name, values] of Object.entries(received)) {
    if (withheld.has(name) || name.startsWith(ownPrefix) || connection.has(name) || Object.hasOwn(added, name)) continue
    for (const value of values) forwarded.push(name, value)
  }
  for (const [name, value] of Object.entries(added)) forwarded.push(name, value)
  return forwarded
}
