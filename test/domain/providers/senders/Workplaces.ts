import { now } from "../../verification/Requests.ts"
import { hmac, type Sender, text, unix } from "./Sender.ts"

/** Who sends when people work. */
export const workplaces: ReadonlyArray<Sender> = [
  {
    ...text,
    provider: "linear",
    body: linear(now),
    bodyAt: linear,
    carries: "linear-signature",
    headers: (secret, body) => ({
      "linear-signature": hmac(secret, body, "hex"),
      "linear-delivery": "234d1a4e",
      "linear-event": "Issue"
    }),
    tolerance: [60, 60],
    dedupeKey: "234d1a4e",
    type: "Issue.update"
  },
  {
    ...text,
    provider: "bitbucket",
    body: "{\"push\":{}}",
    carries: "x-hub-signature",
    headers: (secret, body) => ({
      "x-hub-signature": `sha256=${hmac(secret, body, "hex")}`,
      "x-request-uuid": "7fa2",
      "x-hook-uuid": "hook",
      "x-event-key": "repo:push"
    }),
    dedupeKey: "7fa2",
    type: "repo:push"
  },
  {
    ...text,
    provider: "gitea",
    body: "{\"ref\":\"refs/heads/main\"}",
    carries: "x-gitea-signature",
    headers: (secret, body) => ({
      "x-gitea-signature": hmac(secret, body, "hex"),
      "x-gitea-delivery": "f6266f16",
      "x-gitea-event": "push"
    }),
    dedupeKey: "f6266f16",
    type: "push"
  },
  {
    ...text,
    provider: "typeform",
    body: "{\"event_id\":\"LtWXD3crgy\",\"event_type\":\"form_response\"}",
    carries: "typeform-signature",
    headers: (secret, body) => ({ "typeform-signature": `sha256=${hmac(secret, body, "base64")}` }),
    dedupeKey: "LtWXD3crgy",
    type: "form_response"
  },
  {
    ...text,
    provider: "calendly",
    body: "{\"event\":\"invitee.created\",\"payload\":{\"uri\":\"https://api.calendly.com/x\"}}",
    carries: "calendly-webhook-signature",
    headers: (secret, body, at) => ({
      "calendly-webhook-signature": `t=${unix(at)},v1=${hmac(secret, `${unix(at)}.${body}`, "hex")}`
    }),
    tolerance: [300, 300],
    dedupeKey: "hash",
    type: "invitee.created"
  },
  {
    ...text,
    provider: "okta",
    provesBody: false,
    body: "{\"eventId\":\"b5a188b9\",\"eventType\":\"com.okta.event_hook\"}",
    carries: "authorization",
    headers: (secret) => ({ authorization: secret }),
    dedupeKey: "b5a188b9",
    type: "com.okta.event_hook"
  }
]

function linear(at: number): string {
  return `{"action":"update","type":"Issue","data":{"id":"issue"},"webhookTimestamp":${at}}`
}
