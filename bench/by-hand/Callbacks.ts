import { createHmac } from "node:crypto"
import { Agent, request } from "node:http"
import type { Delivery } from "./Deliveries.ts"

const timeoutMs = 15_000
/** What is between two hosts alone, or is set anew. */
const dropped = new Set([
  "authorization",
  "connection",
  "content-length",
  "cookie",
  "host",
  "keep-alive",
  "transfer-encoding"
])

/** Posts deliveries over connections that are kept; the status that came back. */
export const make = (sockets: number): (delivery: Delivery) => Promise<number> => {
  const agent = new Agent({ keepAlive: true, maxSockets: sockets, maxFreeSockets: sockets })
  return (delivery) =>
    new Promise((resolve, reject) => {
      const post = request(delivery.url, {
        agent,
        method: "POST",
        headers: headersOf(delivery),
        timeout: timeoutMs
      }, (response) => {
        response.on("error", reject).on("end", () => resolve(response.statusCode ?? 0)).resume()
      })
      post.on("timeout", () => post.destroy(new Error("timeout"))).on("error", reject)
      post.end(delivery.body)
    })
}

const headersOf = ({ attempts, body, eventId, headers, id, secret }: Delivery): Record<string, string | number> => {
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)))
  const timestamp = Math.floor(Date.now() / 1_000)
  const signature = createHmac("sha256", secret).update(`${eventId}.${timestamp}.`).update(body).digest("base64")
  return Object.assign(kept, {
    "content-length": body.byteLength,
    "webhook-id": eventId,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${signature}`,
    "x-delivery-id": id,
    "x-attempt": attempts + 1
  })
}
