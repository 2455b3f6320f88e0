import { fixed } from "./Provider.ts"

const tolerance = { maxAge: 900, maxAhead: 900 }

/** The signature stands in the body, over timestamp and token alone; older webhooks are forms. */
export const mailgun = fixed({
  title: "Mailgun",
  docs: "https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks",
  certainty: "B",
  source: "the source of django-anymail",
  note: "The secret is the HTTP webhook signing key. The signature does not cover the rest of the body."
}, {
  proofs: [
    {
      kind: "hmac",
      when: [{ at: { json: "$.signature" } }],
      at: [{ json: "$.signature.signature" }],
      content: ["{timestamp}{json:$.signature.token}"],
      timestamp: { at: { json: "$.signature.timestamp" }, ...tolerance }
    },
    {
      kind: "hmac",
      // A body that is JSON and a form at once would be proven by the one and named by the other.
      when: [{ at: { json: "$.signature" }, absent: true }],
      at: [{ form: "signature" }],
      content: ["{timestamp}{form:token}"],
      timestamp: { at: { form: "timestamp" }, ...tolerance }
    }
  ],
  dedupe: [[{ json: "$.signature.token" }], [{ form: "token" }]],
  type: [[{ json: "$['event-data'].event" }], [{ form: "event" }]],
  // Any other answer than 200 has it sent again.
  response: { status: 200, contentType: "text/plain", body: "" }
})
