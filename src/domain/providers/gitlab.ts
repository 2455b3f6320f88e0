import { fixed } from "./Provider.ts"

/** Standard Webhooks by a signing token, `whsec_…`; by a secret token of the older kind, that token in a header. */
export const gitlab = fixed({
  title: "GitLab",
  docs: "https://docs.gitlab.com/user/project/integrations/webhooks/",
  certainty: "B",
  source: "GitLab docs; merge request 230944 for the signing token",
  note: "A secret token proves the sender, not the body; a signing token proves both.",
  manners: { retries: false, waits: 10 }
}, {
  proofs: [
    {
      kind: "hmac",
      at: [{ header: "webhook-signature" }],
      form: { separator: " ", assign: ",", key: "v1" },
      encoding: "base64",
      key: { encoding: "base64", prefix: "whsec_", prefixRequired: true },
      content: ["{id}.{timestamp}.{raw}"],
      timestamp: { at: { header: "webhook-timestamp" } },
      id: { header: "webhook-id" }
    },
    { kind: "token", at: [{ header: "x-gitlab-token" }] }
  ],
  // An event's UUID is handed on to the events that it causes.
  dedupe: [[{ header: "webhook-id" }], [{ header: "idempotency-key" }]],
  type: [[{ header: "x-gitlab-event" }], [{ json: "$.object_kind" }]]
})
