import { fixed } from "./Provider.ts"

/** `x-zendesk-webhook-signature: <base64>` over an ISO timestamp and the body. */
export const zendesk = fixed({
  title: "Zendesk",
  docs: "https://developer.zendesk.com/documentation/webhooks/verifying/",
  certainty: "A",
  source: "developer.zendesk.com"
}, {
  proofs: [{
    kind: "hmac",
    // The secret is used as it stands, though it looks like base64.
    at: [{ header: "x-zendesk-webhook-signature" }],
    encoding: "base64",
    content: ["{timestamp}{raw}"],
    timestamp: { at: { header: "x-zendesk-webhook-signature-timestamp" }, unit: "iso" }
  }],
  dedupe: [[{ header: "x-zendesk-webhook-invocation-id" }]],
  type: [[{ json: "$.type" }]]
})
