import { fixed } from "./Provider.ts"

/**
 * `X-Signature-Ed25519: <hex>` over timestamp and body. Discord sends wrong signatures too, and takes an endpoint away that
 * answers them otherwise than 401.
 */
export const discord = fixed({
  title: "Discord",
  docs: "https://discord.com/developers/docs/events/webhook-events",
  certainty: "A",
  source: "discord-interactions 4.4.0; the timestamp of webhook events as a part of their key is not verified",
  note:
    "The secret is the application's public key. Interactions want an answer with content, which a gateway cannot give: use this for webhook events.",
  manners: { waits: 3 }
}, {
  proofs: [{
    kind: "public-key",
    algorithm: "ed25519",
    at: [{ header: "x-signature-ed25519" }],
    key: { encoding: "hex" },
    content: ["{timestamp}{raw}"],
    // Its own library does not look how old it is; that it is a time keeps bytes from moving into it.
    timestamp: { at: { header: "x-signature-timestamp" }, maxAge: 315_360_000, maxAhead: 315_360_000 }
  }],
  // Interactions have an id; webhook events have none.
  dedupe: [[{ json: "$.id" }]],
  type: [[{ json: "$.event.type" }], [{ json: "$.type" }]],
  handshakes: [
    { when: [{ at: { json: "$.type" }, equals: "1" }, { at: { json: "$.id" } }], json: { type: 1 } },
    { when: [{ at: { json: "$.type" }, equals: "0" }], status: 204 }
  ],
  response: { status: 204, contentType: "text/plain", body: "" }
})
