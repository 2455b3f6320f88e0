import { hmacValidator } from "@adyen/api-library"
import { assert, describe, it } from "@effect/vitest"
import { sign } from "@octokit/webhooks-methods"
import { Effect } from "effect"
import { Webhook as Standard } from "standardwebhooks"
import { Stripe } from "stripe"
import { Webhook as Svix } from "svix"
import twilio from "twilio"
import { altered, hook, now, type Sent, verdict } from "../domain/verification/Requests.ts"

const seconds = Math.floor(now / 1_000)
const body = "{\"id\":\"evt_1\",\"type\":\"thing.made\",\"text\":\"ünïcödé\"}"
const whsec = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
const secret = "the secret of the tests"

/** What the provider's own library signed is accepted, and no longer with a byte changed. */
const isBelieved = (provider: Parameters<typeof verdict>[0], key: string, sent: Sent & { readonly body: string }) => {
  assert.strictEqual(verdict(provider, [key], sent), "accepted")
  const at = sent.body.indexOf("1")
  assert.notStrictEqual(verdict(provider, [key], { ...sent, body: altered(sent.body, at) }), "accepted")
}

describe("what a provider's own library signed is accepted", () => {
  it("stripe", () => {
    const { webhooks } = new Stripe("sk_test_none")
    const header = webhooks.generateTestHeaderString({ payload: body, secret: whsec, timestamp: seconds })
    isBelieved("stripe", whsec, { body, headers: { "stripe-signature": header } })
  })

  it.effect("@octokit/webhooks-methods", () =>
    Effect.map(
      Effect.promise(() => sign(secret, body)),
      (signature) => isBelieved("github", secret, { body, headers: { "x-hub-signature-256": signature } })
    ))

  it("standardwebhooks", () => {
    const signature = new Standard(whsec).sign("msg_1", new Date(now), body)
    const headers = { "webhook-id": "msg_1", "webhook-timestamp": String(seconds), "webhook-signature": signature }
    isBelieved("standard-webhooks", whsec, { body, headers })
    isBelieved("openai", whsec, { body, headers })
  })

  it("svix", () => {
    const signature = new Svix(whsec).sign("msg_1", new Date(now), body)
    const headers = { "svix-id": "msg_1", "svix-timestamp": String(seconds), "svix-signature": signature }
    for (const provider of ["svix", "clerk", "resend"] as const) isBelieved(provider, whsec, { body, headers })
  })

  it("twilio, a form", () => {
    const form = { CallSid: "CA1", To: ["+1", "+2", "+1"], Body: "a b&c=ü" }
    const fields = new URLSearchParams([["CallSid", "CA1"], ["To", "+1"], ["To", "+2"], ["To", "+1"], [
      "Body",
      form.Body
    ]])
    const url = `${hook}?foo=1&bar=2`
    const headers = {
      "content-type": "application/x-www-form-urlencoded",
      "x-twilio-signature": twilio.getExpectedTwilioSignature(secret, url, form)
    }
    isBelieved("twilio", secret, { body: fields.toString(), headers, url })
  })

  it("twilio, JSON", () => {
    const url = `${hook}?bodySHA256=${twilio.getExpectedBodyHash(body)}`
    const headers = { "x-twilio-signature": twilio.getExpectedTwilioSignature(secret, url, {}) }
    isBelieved("twilio", secret, { body, headers, url })
  })

  it("@adyen/api-library", () => {
    const key = "DFB1EB5485895CFA84146406857104ABB4CBCABDC8AAF103A624C8F6A3EAAB00"
    const item = {
      pspReference: "1",
      merchantAccountCode: "SluiceECOM",
      merchantReference: "order: 1\\",
      amount: { value: 1000, currency: "EUR" },
      eventCode: "AUTHORISATION",
      success: "true",
      eventDate: "2026-11-26T10:00:00+01:00",
      paymentMethod: "visa"
    }
    const validator = new hmacValidator()
    const signed = [
      item.pspReference,
      "",
      item.merchantAccountCode,
      item.merchantReference,
      item.amount.value,
      item.amount.currency,
      item.eventCode,
      item.success
    ].join(":")
    const hmacSignature = validator.calculateHmac(signed, key)
    const notification = { NotificationRequestItem: { ...item, additionalData: { hmacSignature } } }
    isBelieved("adyen", key, { body: JSON.stringify({ notificationItems: [notification] }) })
    const headers = { hmacsignature: validator.calculateHmac(body, key) }
    isBelieved("adyen-platform", key, { body, headers })
  })
})
