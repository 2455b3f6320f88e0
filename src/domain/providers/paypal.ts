import { fixed } from "./Provider.ts"

/** RSA over transmission, time, the webhook's id and the body's checksum; the certificate stands where a header says. */
export const paypal = fixed({
  title: "PayPal",
  docs: "https://developer.paypal.com/api/rest/webhooks/rest/",
  certainty: "B",
  source: "docs.paypal.ai for the headers; what is signed from third parties",
  note: "The secret is the webhook's id, as PayPal shows it in the app's settings."
}, {
  proofs: [{
    kind: "certificate",
    at: [{ header: "paypal-transmission-sig" }],
    encoding: "base64",
    certificate: { header: "paypal-cert-url" },
    hosts: ["*.paypal.com", "*.sandbox.paypal.com"],
    content: ["{id}|{header:paypal-transmission-time}|{secret}|{crc32}"],
    id: { header: "paypal-transmission-id" }
  }],
  dedupe: [[{ json: "$.id" }]],
  type: [[{ json: "$.event_type" }]]
})
