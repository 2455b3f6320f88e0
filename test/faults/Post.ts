import { Duration, Effect, Random } from "effect"
import { createHash, createHmac } from "node:crypto"
import type { Webhook } from "./Books.ts"
import { type Integration, secretOf } from "./Integrations.ts"
import type { Destination } from "./Kinds.ts"

/** A webhook ready to be sent: signed anew each time, as providers do. */
export interface Post {
  readonly id: string
  readonly integration: Integration
  readonly contentType: string
  readonly body: Buffer
  readonly hash: string
  readonly wanted: ReadonlyArray<Destination>
  readonly headers: (now: number) => Record<string, string>
  readonly copies: Copies
}

/** How often a webhook is sent though once would do. */
export interface Copies {
  /** So many at the same time, before any is accepted. One for most. */
  readonly atOnce: number
  /** So many more, at the same time again, although it was accepted. None for most. */
  readonly later: number
  /** How long after the acceptance. */
  readonly after: Duration.Duration
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

/** One webhook of twenty comes several times at once. */
const repeatedAtOnce = 0.05
const mostAtOnce = 5
/** One webhook of twenty is sent again later although it was accepted, some several times at once. */
const repeatedLater = 0.05
const copiesLater = [1, 1, 1, 3, 5]
const repeatedWithin = Duration.toMillis("15 seconds")

/** The webhook as it stands in the books before anything is answered. */
export const webhookOf = ({ contentType, hash, id, integration, wanted }: Post): Webhook => ({
  id,
  integration: integration.slug,
  hash,
  sent: { contentType, id },
  wanted,
  answers: []
})

/** The webhook of a number of an integration, by a generator of its own. Integrations have the same ids. */
export const make = Effect.fnUntraced(function*(integration: Integration, number: number) {
  const id = `w-${number}`
  const size = sizeOf(yield* Random.next)
  const isJson = (yield* Random.next) >= noisy
  const amount = yield* Random.nextIntBetween(0, maxAmount)
  const copies = yield* makeCopies
  const body = isJson
    ? Buffer.concat([Buffer.from(opening(integration, id, amount)), filler.subarray(0, size), closing])
    : Buffer.concat([noise.subarray(0, size), Buffer.from(`${integration.slug} ${id}`)])
  const contentType = isJson ? "application/json" : "application/octet-stream"
  return {
    id,
    integration,
    contentType,
    body,
    hash: createHash("sha256").update(body).digest("hex"),
    wanted: integration.destinations
      .filter(({ above }) => above === undefined || isJson && amount > above)
      .map(({ name }) => name),
    headers: headers(integration, id, body, contentType),
    copies
  } satisfies Post
})

// The slug makes sure that no two integrations have the same body under the same id.
const opening = ({ slug }: Integration, id: string, amount: number): string =>
  `{"id":"${id}","source":"${slug}","amount":${amount},"text":"`
const closing = Buffer.from("\"}")

const makeCopies = Effect.gen(function*() {
  const atOnce = (yield* Random.next) < repeatedAtOnce ? yield* Random.nextIntBetween(2, mostAtOnce + 1) : 1
  if ((yield* Random.next) >= repeatedLater) return { atOnce, later: 0, after: Duration.zero }
  const later = copiesLater[yield* Random.nextIntBetween(0, copiesLater.length)] ?? 1
  return { atOnce, later, after: Duration.millis(yield* Random.nextIntBetween(0, repeatedWithin)) }
})

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
