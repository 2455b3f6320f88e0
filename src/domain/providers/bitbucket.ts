import { fixed } from "./Provider.ts"

/** `X-Hub-Signature: sha256=<hex>`; Cloud and Data Center name the request differently. */
export const bitbucket = fixed({
  title: "Bitbucket",
  docs: "https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/",
  certainty: "B",
  source: "the typed headers of @coderabbitai/bitbucket; webhooks.fyi",
  manners: { retries: false }
}, {
  proofs: [{ kind: "hmac", at: [{ header: "x-hub-signature" }], form: { prefix: "sha256=" } }],
  dedupe: [[{ header: "x-request-uuid" }], [{ header: "x-request-id" }]],
  type: [[{ header: "x-event-key" }]]
})
