import { hmac, type Sender, text, unix } from "./Sender.ts"

/** Who sends when people talk. */
export const conversations: ReadonlyArray<Sender> = [
  {
    ...text,
    provider: "slack",
    body: "{\"type\":\"event_callback\",\"event_id\":\"Ev08MFMKH6\",\"event\":{\"type\":\"message\"}}",
    carries: "x-slack-signature",
    headers: (secret, body, at) => ({
      "x-slack-request-timestamp": unix(at),
      "x-slack-signature": `v0=${hmac(secret, `v0:${unix(at)}:${body}`, "hex")}`
    }),
    tolerance: [300, 300],
    dedupeKey: "Ev08MFMKH6",
    type: "message"
  },
  {
    ...text,
    provider: "zendesk",
    body: "{\"type\":\"zen:event-type:ticket.created\",\"detail\":{\"id\":\"35\"}}",
    carries: "x-zendesk-webhook-signature",
    headers: (secret, body, at) => {
      const timestamp = `${new Date(at).toISOString().slice(0, 19)}Z`
      return {
        "x-zendesk-webhook-signature-timestamp": timestamp,
        "x-zendesk-webhook-signature": hmac(secret, `${timestamp}${body}`, "base64"),
        "x-zendesk-webhook-invocation-id": "01FZ"
      }
    },
    tolerance: [300, 300],
    dedupeKey: "01FZ",
    type: "zen:event-type:ticket.created"
  },
  {
    ...text,
    provider: "intercom",
    body: "{\"id\":\"notif_ccd8a4d0\",\"topic\":\"user.created\"}",
    carries: "x-hub-signature",
    headers: (secret, body) => ({ "x-hub-signature": `sha1=${hmac(secret, body, "hex", "sha1")}` }),
    dedupeKey: "notif_ccd8a4d0",
    type: "user.created"
  },
  {
    ...text,
    provider: "meta",
    body:
      "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"changes\":[{\"field\":\"messages\",\"value\":\"\\u00e4\"}]}]}",
    carries: "x-hub-signature-256",
    headers: (secret, body) => ({ "x-hub-signature-256": `sha256=${hmac(secret, body, "hex")}` }),
    dedupeKey: "hash",
    type: "whatsapp_business_account.messages"
  },
  {
    ...text,
    provider: "zoom",
    body: "{\"event\":\"meeting.started\",\"event_ts\":1626230691572}",
    carries: "x-zm-signature",
    headers: (secret, body, at) => ({
      "x-zm-request-timestamp": unix(at),
      "x-zm-signature": `v0=${hmac(secret, `v0:${unix(at)}:${body}`, "hex")}`
    }),
    tolerance: [300, 300],
    dedupeKey: "hash",
    type: "meeting.started"
  },
  {
    ...text,
    provider: "x",
    body: "{\"for_user_id\":\"2244994945\"}",
    carries: "x-twitter-webhooks-signature",
    headers: (secret, body) => ({ "x-twitter-webhooks-signature": `sha256=${hmac(secret, body, "base64")}` }),
    dedupeKey: "hash",
    type: null
  }
]
