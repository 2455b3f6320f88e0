import { Effect, Random } from "effect"
import { createHash, createHmac } from "node:crypto"
import { type Integration, integrations, secretOf } from "./Integrations.ts"
import type { Destination } from "./Kinds.ts"

/** A webhook ready to be sent: signed anew each time, as providers do. */
export interface Post {
  readonly id: string
  readonly integration: Integration
  readonly body: Buffer
  readonly hash: string
  readonly wanted: ReadonlyArray<Destination>
  readonly headers: (now: number) => Record<string, string>
}

const smallest = 200
const largest = 100_000
/** Most are small. */
const sizeOf = (share: number): number => Math.round(smallest * (largest / smallest) ** (share ** 3))
const filler = Buffer.alloc(largest, "The quick brown fox jumps over the lazy dog. ")
// No UTF-8, whatever one takes it for.
const noise = Buffer.from(Array.from({ length: largest }, (_, index) => (index * 197 + 128) % 256))
const noisy = 0.05
const maxAmount = 1_000

/** The webhook of a number. */
export const make = Effect.fnUntraced(function*(number: number) {
  const id = `w-${number}`
  const integration = pick(yield* Random.next)
  const size = sizeOf(yield* Random.next)
  const isJson = (yield* Random.next) >= noisy
  const amount = yield* Random.nextIntBetween(0, maxAmount)
  const body = isJson
    ? Buffer.concat([Buffer.from(`{"id":"${id}","amount":${amount},"text":"`), filler.subarray(0, size), tail])
    : Buffer.concat([noise.subarray(0, size), Buffer.from(id)])
  return {
    id,
    integration,
    body,
    hash: createHash("sha256").update(body).digest("hex"),
    wanted: integration.destinations
      .filter(({ above }) => above === undefined || isJson && amount > above)
      .map(({ name }) => name),
    headers: headers(integration, id, body, isJson ? "application/json" : "application/octet-stream")
  } satisfies Post
})

const tail = Buffer.from("\"}")

const pick = (share: number): Integration => {
  let left = share
  for (const integration of integrations) {
    left -= integration.share
    if (left < 0) return integration
  }
  return integrations[0]
}

const headers = (integration: Integration, id: string, body: Buffer, type: string): Post["headers"] => {
  const secret = secretOf(integration)
  if (integration.provider === "hmac") {
    const signature = createHmac("sha256", secret).update(body).digest("hex")
    return () => ({ "content-type": type, "x-id": id, "x-signature": signature })
  }
  const key = Buffer.from(secret.replace("whsec_", ""), "base64")
  return (now) => {
    const timestamp = String(Math.floor(now / 1_000))
    const signature = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64")
    return {
      "content-type": type,
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": `v1,${signature}`
    }
  }
}
