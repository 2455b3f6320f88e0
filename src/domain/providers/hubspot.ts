import { fixed } from "./Provider.ts"

/** `X-HubSpot-Signature-v3: <base64>` over method, URL, body and a timestamp in milliseconds. Events come as a list. */
export const hubspot = fixed({
  title: "HubSpot",
  docs: "https://developers.hubspot.com/docs/guides/apps/authentication/validating-requests",
  certainty: "A",
  source: "the HubSpot SDK; the escapes of the URL are not verified, so both ways of writing it are tried",
  note:
    "The secret is the app's client secret. An event's id alone need not be unique; several events in one request are one event here, known by its bytes, unless they are split."
}, {
  proofs: [{
    kind: "hmac",
    at: [{ header: "x-hubspot-signature-v3" }],
    encoding: "base64",
    content: ["{method}{url}{raw}{timestamp}", "{method}{url:unescaped}{raw}{timestamp}"],
    timestamp: { at: { header: "x-hubspot-request-timestamp" }, unit: "milliseconds" }
  }],
  only: "$",
  dedupe: [[
    { item: "$.subscriptionId" },
    { item: "$.eventId" },
    { item: "$.objectId" },
    { item: "$.occurredAt" },
    { item: "$.subscriptionType" }
  ]],
  type: [[{ item: "$.subscriptionType" }]]
})
