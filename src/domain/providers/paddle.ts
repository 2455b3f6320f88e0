import { fixed } from "./Provider.ts"

/** `Paddle-Signature: ts=<unix>;h1=<hex>[;h1=<hex>…]`. A notification's id is another for each destination, the event's is one. */
export const paddle = fixed({
  title: "Paddle Billing",
  docs: "https://developer.paddle.com/webhooks/signature-verification",
  certainty: "A",
  source: "paddle-node-sdk",
  note: "Paddle's own library accepts 5 s between signing and receipt, which is too little behind skewed clocks."
}, {
  proofs: [{
    kind: "hmac",
    at: [{ header: "paddle-signature" }],
    form: { separator: ";", assign: "=", key: "h1" },
    content: ["{timestamp}:{raw}"],
    timestamp: { at: { part: "ts" } }
  }],
  dedupe: [[{ json: "$.event_id" }]],
  type: [[{ json: "$.event_type" }]]
})
