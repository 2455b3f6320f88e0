import { fixed } from "./Provider.ts"

/** `X-Twilio-Email-Event-Webhook-Signature: <base64>`, ECDSA over timestamp and body, which holds a list of events. */
export const sendgrid = fixed({
  title: "SendGrid",
  docs:
    "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features",
  certainty: "A",
  source: "the SendGrid SDK; its vector passes",
  note:
    "The secret is the verification key that SendGrid shows. One webhook holds up to thousands of events; its type is that of an only one."
}, {
  proofs: [{
    kind: "public-key",
    algorithm: "ecdsa-p256",
    at: [{ header: "x-twilio-email-event-webhook-signature" }],
    encoding: "base64",
    key: { encoding: "base64" },
    content: ["{timestamp}{raw}"],
    // Its own library does not look how old it is; that it is a time keeps bytes from moving into it.
    timestamp: { at: { header: "x-twilio-email-event-webhook-timestamp" }, maxAge: 315_360_000, maxAhead: 315_360_000 }
  }],
  only: "$",
  dedupe: [[{ item: "$.sg_event_id" }]],
  type: [[{ item: "$.event" }]]
})
