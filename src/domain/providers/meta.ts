import { fixed } from "./Provider.ts"

/** `X-Hub-Signature-256: sha256=<hex>` by the app secret, for WhatsApp and Instagram too. No id: the body's hash is the key. */
export const meta = fixed({
  title: "Meta, WhatsApp, Instagram",
  docs: "https://developers.facebook.com/docs/graph-api/webhooks/getting-started",
  certainty: "A",
  source: "developers.facebook.com for the handshake; the header from third parties",
  note: "The secret is the app secret; the verify token is the text that you enter in the app's dashboard."
}, {
  proofs: [{ kind: "hmac", at: [{ header: "x-hub-signature-256" }], form: { prefix: "sha256=" } }],
  only: "$.entry",
  type: [[{ json: "$.object" }, { item: "$.changes[0].field" }], [{ json: "$.object" }]],
  handshakes: [{
    method: "GET",
    when: [{ at: { query: "hub.mode" }, equals: "subscribe" }],
    provenBy: { verifyToken: { query: "hub.verify_token" } },
    text: { query: "hub.challenge" }
  }]
})
