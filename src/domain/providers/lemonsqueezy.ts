import { fixed } from "./Provider.ts"

/** `X-Signature: <hex>`. No id: the body's hash is the key. */
export const lemonsqueezy = fixed({
  title: "Lemon Squeezy",
  docs: "https://docs.lemonsqueezy.com/help/webhooks/signing-requests",
  certainty: "B",
  source: "third parties"
}, {
  proofs: [{ kind: "hmac", at: [{ header: "x-signature" }] }],
  type: [[{ header: "x-event-name" }]]
})
