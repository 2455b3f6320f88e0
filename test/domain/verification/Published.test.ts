import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { readFileSync } from "node:fs"
import { ProviderId } from "../../../src/domain/providers/Providers.ts"
import { altered, verdict } from "./Requests.ts"

// Of what providers published, the requests as a whole; `receivedAt` in seconds.
const Published = Schema.Struct({
  provider: Schema.String,
  secret: Schema.String,
  body: Schema.String,
  headers: Schema.Record({ key: Schema.String, value: Schema.String }),
  url: Schema.optional(Schema.String),
  receivedAt: Schema.optional(Schema.Number)
})

const isPublished = Schema.is(Published)
const isProvider = Schema.is(ProviderId)

const file = readFileSync(new URL("../../vectors/published.json", import.meta.url), "utf8")
const vectors = Schema.decodeSync(Schema.parseJson(Schema.Array(Schema.Unknown)))(file).filter(isPublished)
  .flatMap(({ provider, ...vector }) => isProvider(provider) ? [{ ...vector, provider }] : [])

describe("a request that a provider published", () => {
  it("is there for the providers that have one", () => {
    assert.includeMembers(vectors.map(({ provider }) => provider), ["github", "slack", "square", "standard-webhooks"])
  })

  it.each(vectors)("of $provider verifies, and no longer with a byte changed", (vector) => {
    const { body, headers, provider, receivedAt, secret, url } = vector
    const sent = {
      headers,
      body,
      ...(receivedAt === undefined ? {} : { receivedAt: receivedAt * 1_000 }),
      ...(url === undefined ? {} : { url })
    }
    assert.strictEqual(verdict(provider, [secret], sent), "accepted")
    assert.strictEqual(verdict(provider, [secret], { ...sent, body: altered(body, 3) }), "signature_mismatch")
  })
})
