import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import { createHmac, generateKeyPairSync, sign } from "node:crypto"
import { type PresetId, providers } from "../../../src/domain/providers/Providers.ts"
import * as Naming from "../../../src/domain/verification/Naming.ts"
import { hook, now, request, type Sent, verdict } from "../verification/Requests.ts"

const secret = "the secret of the tests"
const seconds = String(now / 1_000)

const hmac = (content: string, encoding: "hex" | "base64" = "hex") =>
  createHmac("sha256", secret).update(content).digest(encoding)

const key = (provider: PresetId, sent: Sent) =>
  Naming.name(providers[provider].scheme({}), { dedupe: Option.none(), type: Option.none() }, request(sent)).dedupeKey

describe("what was signed for something else", () => {
  it.each(["true", "null", "-1", "12345", "YWJj"])("as X's challenge is no webhook: %s", (body) => {
    const headers = { "x-twitter-webhooks-signature": `sha256=${hmac(body, "base64")}` }
    assert.strictEqual(verdict("x", [secret], { body, headers }), "signature_mismatch")
    const object = `{"text":"${body}"}`
    const right = { "x-twitter-webhooks-signature": `sha256=${hmac(object, "base64")}` }
    assert.strictEqual(verdict("x", [secret], { body: object, headers: right }), "accepted")
  })

  it("as a form of Mailgun's does not prove a body that is JSON as well", () => {
    const signature = hmac(`${seconds}the token`)
    const body =
      `{"signature":{"token":"chosen"},"x":"&signature=${signature}&timestamp=${seconds}&token=the+token&y="}`
    const headers = { "content-type": "application/x-www-form-urlencoded" }
    assert.notStrictEqual(verdict("mailgun", [secret], { body, headers }), "accepted")
    const form = `signature=${signature}&timestamp=${seconds}&token=the+token`
    assert.strictEqual(verdict("mailgun", [secret], { body: form, headers }), "accepted")
  })

  it("does not prove another way of cutting it into timestamp and body", () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519")
    const own = publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("hex")
    const body = "{\"id\":\"1\",\"type\":2}"
    const proof = sign(null, Buffer.from(seconds + body), privateKey).toString("hex")
    const discord = (at: string, body: string) =>
      verdict("discord", [own], { body, headers: { "x-signature-ed25519": proof, "x-signature-timestamp": at } })
    assert.strictEqual(discord(seconds, body), "accepted")
    for (let cut = 0; cut <= seconds.length + body.length; cut += 1) {
      if (cut === seconds.length) continue
      const whole = seconds + body
      assert.notStrictEqual(discord(whole.slice(0, cut), whole.slice(cut)), "accepted")
    }
  })

  it("does not prove an ISO time that ends in the body", () => {
    const at = new Date(now).toISOString()
    const zendesk = (at: string, body: string) =>
      verdict("zendesk", [secret], {
        body,
        headers: {
          "x-zendesk-webhook-signature": hmac(at + body, "base64"),
          "x-zendesk-webhook-signature-timestamp": at
        }
      })
    assert.strictEqual(zendesk(at, "{}"), "accepted")
    for (const end of [1, 5, 8]) assert.notStrictEqual(zendesk(at.slice(0, -end), `${at.slice(-end)}{}`), "accepted")
  })
})

describe("a secret", () => {
  it("whose text is not of its key's encoding proves nothing, as nothing else does", () => {
    const headers = { hmacsignature: createHmac("sha256", "").update("forged").digest("base64") }
    assert.strictEqual(verdict("adyen-platform", ["no hex at all"], { body: "forged", headers }), "signature_mismatch")
  })

  it("in a header is read as the bytes that were sent, in UTF-8", () => {
    const sent = Buffer.from("päßwörd").toString("latin1")
    assert.strictEqual(verdict("token", ["päßwörd"], { headers: { "x-webhook-token": sent } }), "accepted")
  })
})

describe("a webhook without an id", () => {
  it("is told apart by its URL where that is signed", () => {
    const headers = { "content-type": "application/x-www-form-urlencoded" }
    const step = (step: number) => key("twilio", { body: "From=%2B1", headers, url: `${hook}?step=${step}` })
    assert.notStrictEqual(step(1), step(2))
    assert.strictEqual(step(1), step(1))
  })

  it("of Microsoft Graph is the same only at the same moment", () => {
    const body = "{\"value\":[{\"resource\":\"/me/drive/root\",\"changeType\":\"updated\"}]}"
    assert.notStrictEqual(
      key("microsoft-graph", { body, receivedAt: now }),
      key("microsoft-graph", { body, receivedAt: now + 1 })
    )
  })

  it("of HubSpot is the same when it is tried again", () => {
    const event = { eventId: 1, subscriptionId: 7, subscriptionType: "contact.creation", objectId: 3, occurredAt: 5 }
    const attempt = (attemptNumber: number) => key("hubspot", { body: JSON.stringify([{ ...event, attemptNumber }]) })
    assert.strictEqual(attempt(0), attempt(1))
  })
})
