import { fixed } from "./Provider.ts"

/** `Calendly-Webhook-Signature: t=<unix>,v1=<hex>`. */
export const calendly = fixed({
  title: "Calendly",
  docs: "https://developer.calendly.com/api-docs/4c305798a61d3-webhook-signatures",
  certainty: "B",
  source: "an answer in Calendly's community, and third parties"
}, {
  proofs: [{
    kind: "hmac",
    at: [{ header: "calendly-webhook-signature" }],
    form: { separator: ",", assign: "=", key: "v1" },
    content: ["{timestamp}.{raw}"],
    timestamp: { at: { part: "t" } }
  }],
  type: [[{ json: "$.event" }]]
})
