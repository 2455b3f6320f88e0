import { fixed } from "./Provider.ts"

/** `X-Gitea-Signature: <hex>`, or GitHub's header with its prefix. */
export const gitea = fixed({
  title: "Gitea and Forgejo",
  docs: "https://docs.gitea.com/usage/webhooks",
  certainty: "B",
  source: "third parties",
  manners: { retries: false }
}, {
  proofs: [{
    kind: "hmac",
    at: [{ header: "x-gitea-signature" }, { header: "x-forgejo-signature" }, { header: "x-hub-signature-256" }],
    form: { prefix: "sha256=", optional: true }
  }],
  dedupe: [[{ header: "x-gitea-delivery" }], [{ header: "x-forgejo-delivery" }]],
  type: [[{ header: "x-gitea-event" }], [{ header: "x-forgejo-event" }]]
})
