import { fixed } from "./Provider.ts"

/** `Linear-Signature: <hex>`; the time stands in the signed body. `data.id` names an issue, not the webhook. */
export const linear = fixed({
  title: "Linear",
  docs: "https://linear.app/developers/webhooks",
  certainty: "A",
  source: "the Linear SDK; the headers of delivery and event from third parties"
}, {
  proofs: [{
    kind: "hmac",
    at: [{ header: "linear-signature" }],
    timestamp: { at: { json: "$.webhookTimestamp" }, unit: "milliseconds", maxAge: 60, maxAhead: 60 }
  }],
  dedupe: [[{ header: "linear-delivery" }]],
  type: [
    [{ header: "linear-event" }, { json: "$.action" }],
    [{ header: "linear-event" }],
    [{ json: "$.type" }, { json: "$.action" }],
    [{ json: "$.type" }]
  ]
})
