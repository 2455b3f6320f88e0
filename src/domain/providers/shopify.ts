import { fixed } from "./Provider.ts"

/**
 * `X-Shopify-Hmac-SHA256: <base64>` by the app's client secret; newer subscriptions drop the `X-`. The event's id is the same
 * for several subscriptions, the webhook's is not.
 */
export const shopify = fixed({
  title: "Shopify",
  docs: "https://shopify.dev/docs/apps/build/webhooks/subscribe/https",
  certainty: "A",
  source: "shopify.dev",
  note: "After the client secret was rotated, keep the old one for an hour: it may still sign.",
  manners: { retries: true, waits: 5 }
}, {
  proofs: [{
    kind: "hmac",
    at: [{ header: "x-shopify-hmac-sha256" }, { header: "shopify-hmac-sha256" }],
    encoding: "base64"
  }],
  dedupe: [[{ header: "x-shopify-webhook-id" }], [{ header: "shopify-webhook-id" }]],
  type: [[{ header: "x-shopify-topic" }], [{ header: "shopify-topic" }]]
})
