import { fixed } from "./Provider.ts"

/** `x-square-hmacsha256-signature: <base64>` over the URL and the body. */
export const square = fixed({
  title: "Square",
  docs: "https://developer.squareup.com/docs/webhooks/step3validate",
  certainty: "A",
  source: "the Square SDK; its vector passes",
  note: "The notification URL in Square must be exactly the integration's webhook URL."
}, {
  proofs: [{
    kind: "hmac",
    at: [{ header: "x-square-hmacsha256-signature" }],
    encoding: "base64",
    content: ["{url}{raw}"]
  }],
  dedupe: [[{ json: "$.event_id" }]],
  type: [[{ json: "$.type" }]]
})
