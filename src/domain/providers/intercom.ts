import { fixed } from "./Provider.ts"

/** `X-Hub-Signature: sha1=<hex>` by the app's client secret. */
export const intercom = fixed({
  title: "Intercom",
  docs: "https://developers.intercom.com/docs/webhooks/webhook-notifications",
  certainty: "A",
  source: "Intercom docs; the HEAD request is not verified"
}, {
  proofs: [{ kind: "hmac", hash: "sha1", at: [{ header: "x-hub-signature" }], form: { prefix: "sha1=" } }],
  dedupe: [[{ json: "$.id" }]],
  type: [[{ json: "$.topic" }]],
  handshakes: [
    { method: "HEAD", when: [], provenBy: "nothing" },
    { when: [{ at: { json: "$.topic" }, equals: "ping" }] }
  ]
})
