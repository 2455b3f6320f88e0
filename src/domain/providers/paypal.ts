import { fixed } from "./Provider.ts"

/** RSA over transmission, time, the webhook's id and the body's checksum; the certificate stands where a header says. */
export const paypal = fixed({
  title: "PayPal",
  docs: "https://developer.paypal.com/api/rest/webhooks/rest/",
  certainty: "B",
  source: "docs.paypal.ai for the headers; what is signed from third parties",
  note:
    "The secret is the webhook's id, as PayPal shows it in the app's settings. The signature covers a checksum of the body, which a forger who saw one webhook can keep; so the event's id and time alone are certain."
}, {
  proofs: [{
    kind: "certificate",
    at: [{ header: "paypal-transmission-sig" }],
    encoding: "base64",
    certificate: { header: "paypal-cert-url" },
    hosts: [
      "api.paypal.com/v1/notifications/certs/",
      "api-m.paypal.com/v1/notifications/certs/",
      "api.sandbox.paypal.com/v1/notifications/certs/",
      "api-m.sandbox.paypal.com/v1/notifications/certs/"
    ],
    content: ["{id}|{timestamp}|{secret}|{crc32}"],
    // It tries for three days.
    timestamp: { at: { header: "paypal-transmission-time" }, unit: "iso", maxAge: 345_600 },
    id: { header: "paypal-transmission-id" }
  }],
  dedupe: [[{ json: "$.id" }]],
  type: [[{ json: "$.event_type" }]]
})
