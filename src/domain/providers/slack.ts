import { fixed } from "./Provider.ts"

/** `X-Slack-Signature: v0=<hex>` over version, timestamp and body. Commands and interactions carry no event id. */
export const slack = fixed({
  title: "Slack",
  docs: "https://docs.slack.dev/authentication/verifying-requests-from-slack",
  certainty: "A",
  source: "bolt-js, verify-request.ts; the docs' vector passes",
  manners: { retries: true, waits: 3 }
}, {
  proofs: [{
    kind: "hmac",
    at: [{ header: "x-slack-signature" }],
    form: { prefix: "v0=" },
    content: ["v0:{timestamp}:{raw}"],
    timestamp: { at: { header: "x-slack-request-timestamp" } }
  }],
  dedupe: [[{ json: "$.event_id" }]],
  type: [[{ json: "$.event.type" }], [{ json: "$.type" }], [{ form: "command" }]],
  handshakes: [{ when: [{ at: { json: "$.type" }, equals: "url_verification" }], text: { json: "$.challenge" } }],
  response: { status: 200, contentType: "text/plain", body: "" }
})
