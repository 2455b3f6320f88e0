import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { readFileSync } from "node:fs"
import { PresetId } from "../../../src/domain/providers/Providers.ts"
import { altered, type Sent, verdict } from "./Requests.ts"

const common = { provider: PresetId, secret: Schema.String, source: Schema.String }

/** What providers published: a request as a whole, `receivedAt` in seconds; or a text and its signature. */
const Published = Schema.Union(
  Schema.Struct({
    ...common,
    body: Schema.String,
    headers: Schema.Record({ key: Schema.String, value: Schema.String }),
    url: Schema.optional(Schema.String),
    receivedAt: Schema.optional(Schema.Number)
  }),
  Schema.Struct({ ...common, provider: Schema.Literal("adyen"), signedString: Schema.String, signature: Schema.String })
)
type Published = typeof Published.Type

const file = readFileSync(new URL("../../vectors/published.json", import.meta.url), "utf8")
const vectors = Schema.decodeSync(Schema.parseJson(Schema.Array(Published)))(file)

const sentOf = (vector: Published): Sent & { readonly body: string } => {
  if ("signedString" in vector) return { body: notification(vector.signedString, vector.signature) }
  const { body, headers, receivedAt, url } = vector
  return {
    headers,
    body,
    ...(receivedAt === undefined ? {} : { receivedAt: receivedAt * 1_000 }),
    ...(url === undefined ? {} : { url })
  }
}

const notification = (signed: string, hmacSignature: string): string => {
  const [pspReference, originalReference, merchantAccountCode, merchantReference, value, currency, eventCode, success] =
    signed.split(":")
  const NotificationRequestItem = {
    pspReference,
    originalReference,
    merchantAccountCode,
    merchantReference,
    amount: { value: Number(value), currency },
    eventCode,
    success,
    additionalData: { hmacSignature }
  }
  return JSON.stringify({ live: "false", notificationItems: [{ NotificationRequestItem }] })
}

describe("a request that a provider published", () => {
  it("is there for the providers that have one", () => {
    assert.sameMembers(
      vectors.map(({ provider }) => provider),
      ["github", "slack", "twilio", "standard-webhooks", "square", "sendgrid", "adyen"]
    )
  })

  it.each(vectors)("of $provider verifies, and no longer with a byte changed", (vector) => {
    const sent = sentOf(vector)
    // Of an element of Adyen's list the signature covers some members alone.
    const at = "signedString" in vector ? sent.body.indexOf("EUR") : 3
    const changed = { ...sent, body: altered(sent.body, at) }
    assert.strictEqual(verdict(vector.provider, [vector.secret], sent), "accepted")
    assert.strictEqual(verdict(vector.provider, [vector.secret], changed), "signature_mismatch")
  })
})
