import { fixed } from "./Provider.ts"

/** `x-twitter-webhooks-signature: sha256=<base64>` by the consumer secret, which also answers the challenge. */
export const x = fixed({
  title: "X",
  docs: "https://docs.x.com/x-api/webhooks/introduction",
  certainty: "B",
  source: "an open implementation, read",
  note: "The secret is the app's consumer secret."
}, {
  proofs: [{
    kind: "hmac",
    at: [{ header: "x-twitter-webhooks-signature" }],
    form: { prefix: "sha256=" },
    encoding: "base64"
  }],
  handshakes: [{
    method: "GET",
    when: [{ at: { query: "crc_token" } }],
    provenBy: "nothing",
    json: { response_token: { hmac: { query: "crc_token" }, encoding: "base64", prefix: "sha256=" } }
  }]
})
