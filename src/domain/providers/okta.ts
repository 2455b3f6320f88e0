import { fixed } from "./Provider.ts"

/** A static value in `Authorization`: it proves the sender, not the body. */
export const okta = fixed({
  title: "Okta",
  docs: "https://developer.okta.com/docs/concepts/event-hooks/",
  certainty: "B",
  source: "an open implementation, read",
  note: "The secret is the whole value of the authentication field, which Okta must send as Authorization."
}, {
  proofs: [{ kind: "token", at: [{ header: "authorization" }] }],
  dedupe: [[{ json: "$.eventId" }]],
  type: [[{ json: "$.eventType" }]],
  handshakes: [{
    method: "GET",
    when: [{ at: { header: "x-okta-verification-challenge" } }],
    provenBy: "nothing",
    json: { verification: { value: { header: "x-okta-verification-challenge" } } }
  }],
  response: { status: 200, contentType: "text/plain", body: "" }
})
