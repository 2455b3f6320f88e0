import { fixed } from "./Provider.ts"

const item = "$.NotificationRequestItem"
const of = (member: string) => `{item?:${item}.${member}}`
const signed = [
  "pspReference",
  "originalReference",
  "merchantAccountCode",
  "merchantReference",
  "amount.value",
  "amount.currency",
  "eventCode",
  "success"
].map(of).join(":")

/** Each notification of the body carries its own signature over eight of its fields, by the key that the secret's hex stands for. */
export const adyen = fixed({
  title: "Adyen",
  docs: "https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures",
  certainty: "A",
  source: "@adyen/api-library 32.1.0, hmacValidator.js; its vector passes",
  note: "The signature does not cover the rest of a notification."
}, {
  proofs: [{
    kind: "hmac",
    each: "$.notificationItems",
    at: [{ item: `${item}.additionalData.hmacSignature` }],
    encoding: "base64",
    key: { encoding: "hex" },
    content: [signed]
  }],
  only: "$.notificationItems",
  dedupe: [[{ item: `${item}.pspReference` }, { item: `${item}.eventCode` }, { item: `${item}.success` }]],
  type: [[{ item: `${item}.eventCode` }]],
  response: { status: 200, contentType: "text/plain", body: "[accepted]" }
})
