import { fixed } from "./Provider.ts"

/** `Stripe-Signature: t=<unix>,v1=<hex>[,v1=<hex>…]`, two `v1` while a secret is rolled. */
export const stripe = fixed({
  title: "Stripe",
  docs: "https://docs.stripe.com/webhooks/signature",
  certainty: "A",
  source: "stripe-node, src/Webhooks.ts"
}, {
  proofs: [{
    kind: "hmac",
    key: { prefix: "whsec_", prefixRequired: true, prefixStays: true },
    at: [{ header: "stripe-signature" }],
    form: { separator: ",", assign: "=", key: "v1" },
    content: ["{timestamp}.{raw}"],
    timestamp: { at: { part: "t" } }
  }],
  dedupe: [[{ json: "$.id" }]],
  type: [[{ json: "$.type" }]]
})
