import { fixed } from "./Provider.ts"

/** `Typeform-Signature: sha256=<base64>`: the prefix of a hex signature, and base64 behind it. */
export const typeform = fixed({
  title: "Typeform",
  docs: "https://www.typeform.com/developers/webhooks/secure-your-webhooks/",
  certainty: "A",
  source: "typeform.com/developers"
}, {
  proofs: [{
    kind: "hmac",
    at: [{ header: "typeform-signature" }],
    form: { prefix: "sha256=" },
    encoding: "base64"
  }],
  dedupe: [[{ json: "$.event_id" }]],
  type: [[{ json: "$.event_type" }]]
})
