import { Redacted } from "effect"
import { createHmac } from "node:crypto"

/** Which names the gateway's own signature has on the way to a destination. */
export type SignatureNames = "webhook" | "sluice"

const prefix = "whsec_"

/** The Standard Webhooks signature headers. `timestamp` in seconds since the epoch; several secrets give several signatures. */
export const sign = (
  secrets: ReadonlyArray<Redacted.Redacted>,
  content: { readonly id: string; readonly timestamp: number; readonly body: Uint8Array },
  names: SignatureNames
): Readonly<Record<string, string>> => ({
  [`${names}-id`]: content.id,
  [`${names}-timestamp`]: String(content.timestamp),
  [`${names}-signature`]: secrets.map((secret) => `v1,${signature(secret, content)}`).join(" ")
})

const signature = (
  secret: Redacted.Redacted,
  { body, id, timestamp }: { readonly id: string; readonly timestamp: number; readonly body: Uint8Array }
): string =>
  createHmac("sha256", Buffer.from(Redacted.value(secret).slice(prefix.length), "base64"))
    .update(`${id}.${timestamp}.`)
    .update(body)
    .digest("base64")

/** How many random bytes make a signing secret. */
export const secretBytes = 24

/** A new signing secret as text, of at least 24 bytes. */
export const secretOf = (bytes: Uint8Array): Redacted.Redacted =>
  Redacted.make(prefix + Buffer.from(bytes).toString("base64"))
