import { fixed } from "./Provider.ts"

/** `X-Hub-Signature-256: sha256=<hex>`; the event's action follows its type: `issues.opened`. */
export const github = fixed({
  title: "GitHub",
  docs: "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries",
  certainty: "A",
  source: "GitHub docs; their vector passes",
  manners: { retries: false, waits: 10 }
}, {
  proofs: [{ kind: "hmac", at: [{ header: "x-hub-signature-256" }], form: { prefix: "sha256=" } }],
  dedupe: [[{ header: "x-github-delivery" }]],
  type: [[{ header: "x-github-event" }, { json: "$.action" }], [{ header: "x-github-event" }]],
  handshakes: [{ when: [{ at: { header: "x-github-event" }, equals: "ping" }] }]
})
