import { fixed } from "./Provider.ts"

/**
 * `X-Twilio-Signature: <base64>` over the URL and the form's fields; where the body is JSON, over the URL alone, which carries
 * the body's hash. A call's or message's id is in many callbacks.
 */
export const twilio = fixed({
  title: "Twilio",
  docs: "https://www.twilio.com/docs/usage/security",
  certainty: "A",
  source: "twilio-node, webhooks.ts; the docs' vector passes; the idempotency token is not verified",
  note:
    "The URL in Twilio's settings must be the integration's webhook URL. Twilio sends again only what the URL's fragment asks for, such as #rc=3.",
  manners: { retries: false, waits: 15 }
}, {
  proofs: [
    {
      kind: "hmac",
      when: [{ at: { query: "bodySHA256" } }],
      at: [{ header: "x-twilio-signature" }],
      hash: "sha1",
      encoding: "base64",
      content: ["{url}", "{url:port}", "{url:no-port}"],
      bodyHash: { at: { query: "bodySHA256" } }
    },
    {
      kind: "hmac",
      when: [{ at: { query: "bodySHA256" }, absent: true }],
      at: [{ header: "x-twilio-signature" }],
      hash: "sha1",
      encoding: "base64",
      content: ["{url}{sorted-form}", "{url:port}{sorted-form}", "{url:no-port}{sorted-form}"]
    }
  ],
  dedupe: [[{ header: "i-twilio-idempotency-token" }]],
  type: [[{ form: "MessageStatus" }], [{ form: "CallStatus" }], [{ form: "EventType" }]],
  response: { status: 200, contentType: "text/xml", body: "<Response/>" }
})
