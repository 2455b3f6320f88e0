import { fixed } from "./Provider.ts"

/** `X-WC-Webhook-Signature: <base64>`. The ping at registration is a form that nobody signs. */
export const woocommerce = fixed({
  title: "WooCommerce",
  docs: "https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks",
  certainty: "B",
  source: "webhook-skills, a collection by third parties",
  note: "It signs by the secret with HTML's entities decoded: use one without any.",
  manners: { retries: false }
}, {
  proofs: [{ kind: "hmac", at: [{ header: "x-wc-webhook-signature" }], encoding: "base64" }],
  // The delivery's id is a hash of webhook and second: two of one second share it.
  dedupe: [],
  type: [[{ header: "x-wc-webhook-topic" }]],
  handshakes: [{ when: [{ at: { form: "webhook_id" } }], provenBy: "nothing" }]
})
