import { fixed } from "./Provider.ts"

/** `HmacSignature: <base64>` by the key that the secret's hex stands for. */
export const adyenPlatform = fixed({
  title: "Adyen platform",
  docs: "https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures",
  certainty: "C",
  source: "@adyen/api-library 32.1.0, hmacValidator.js, for the signature; the header's name is not verified"
}, {
  proofs: [{ kind: "hmac", at: [{ header: "hmacsignature" }], encoding: "base64", key: { encoding: "hex" } }],
  type: [[{ json: "$.type" }]]
})
