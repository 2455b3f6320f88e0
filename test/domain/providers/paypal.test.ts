import { assert, describe, it } from "@effect/vitest"
import { hook, now, type Values, verdict } from "../verification/Requests.ts"
import { addresses, certificates, paypal } from "./CertificateSenders.ts"

const webhookId = "8PT597110X687430LKGECATA"
const sent = paypal(webhookId, { id: "WH-1", type: "PAYMENT.SALE.COMPLETED", at: now, url: hook })

const judged = (headers: Values, known = certificates) =>
  verdict("paypal", [webhookId], { ...sent, headers: { ...sent.headers, ...headers } }, {}, known)

describe("paypal", () => {
  it("refuses a webhook that was signed for another webhook id", () => {
    const other = paypal("0EH40505U7160970P", { id: "WH-1", type: "PAYMENT.SALE.COMPLETED", at: now, url: hook })
    assert.strictEqual(verdict("paypal", [webhookId], other, {}, certificates), "signature_mismatch")
  })

  it("refuses a transmission whose id or time was changed, is missing or is repeated", () => {
    assert.strictEqual(judged({}), "accepted")
    assert.strictEqual(judged({ "paypal-transmission-id": "another" }), "signature_mismatch")
    assert.strictEqual(judged({ "paypal-transmission-id": ["69cd13f0", "69cd13f0"] }), "id_missing")
    assert.strictEqual(judged({ "paypal-transmission-time": "2026-09-21T14:13:21Z" }), "signature_mismatch")
    assert.strictEqual(judged({ "paypal-transmission-time": "2026-01-01T00:00:00Z" }), "timestamp_too_old")
    assert.strictEqual(judged({ "paypal-transmission-time": [] }), "timestamp_missing")
  })

  it("refuses a certificate that is not the provider's, or named twice", () => {
    assert.strictEqual(judged({ "paypal-cert-url": "https://paypal.example/cert" }), "certificate_refused")
    assert.strictEqual(judged({ "paypal-cert-url": [addresses.paypal, addresses.paypal] }), "certificate_refused")
    assert.strictEqual(judged({ "paypal-cert-url": [] }), "certificate_refused")
  })
})
