import type { Written } from "../verification/Scheme.ts"
import { fixed } from "./Provider.ts"

/**
 * `webhook-signature: v1,<base64> [v1,<base64>…]` over id, timestamp and body, or `v1a,<base64>` by an ed25519 key; Svix puts
 * its own name before the headers'.
 */
export const schemeOf = (names: "webhook" | "svix"): Written => {
  const signed = {
    at: [{ header: `${names}-signature` }],
    encoding: "base64",
    content: ["{id}.{timestamp}.{raw}"],
    timestamp: { at: { header: `${names}-timestamp` } },
    id: { header: `${names}-id` }
  } as const
  return {
    proofs: [
      {
        ...signed,
        kind: "hmac",
        form: { separator: " ", assign: ",", key: "v1" },
        key: { encoding: "base64", prefix: "whsec_" }
      },
      {
        ...signed,
        kind: "public-key",
        algorithm: "ed25519",
        form: { separator: " ", assign: ",", key: "v1a" },
        key: { encoding: "base64", prefix: "whpk_", prefixRequired: true }
      }
    ],
    dedupe: [[{ header: `${names}-id` }]],
    type: [[{ json: "$.type" }]]
  }
}

export const standardWebhooks = fixed({
  title: "Standard Webhooks",
  docs: "https://www.standardwebhooks.com",
  certainty: "A",
  source: "the specification and its libraries; their vector passes",
  note: "Paste a public key with its whpk_: without, it would be taken for a shared secret."
}, schemeOf("webhook"))
