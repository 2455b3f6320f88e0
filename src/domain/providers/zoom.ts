import { fixed } from "./Provider.ts"

/** `x-zm-signature: v0=<hex>` over version, timestamp and body. Zoom asks again every few days whether the URL is the user's. */
export const zoom = fixed({
  title: "Zoom",
  docs: "https://developers.zoom.us/docs/api/webhooks/",
  certainty: "A",
  source: "zoom/webhook-sample",
  note: "The secret is the app's secret token.",
  manners: { waits: 3 }
}, {
  proofs: [{
    kind: "hmac",
    at: [{ header: "x-zm-signature" }],
    form: { prefix: "v0=" },
    content: ["v0:{timestamp}:{raw}"],
    timestamp: { at: { header: "x-zm-request-timestamp" } }
  }],
  type: [[{ json: "$.event" }]],
  handshakes: [{
    when: [{ at: { json: "$.event" }, equals: "endpoint.url_validation" }],
    json: {
      plainToken: { value: { json: "$.payload.plainToken" } },
      encryptedToken: { hmac: { json: "$.payload.plainToken" } }
    }
  }],
  response: { status: 200, contentType: "text/plain", body: "" }
})
