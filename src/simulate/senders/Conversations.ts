import * as Keys from "./Keys.ts"
import { halves, type HeaderSender, hmac, inHeader, json, type Sender, unix } from "./Sender.ts"

const inHeaders: ReadonlyArray<HeaderSender> = [
  {
    provider: "slack",
    keys: Keys.text,
    proof: "x-slack-signature",
    type: "message",
    body: ({ id, type }) => json({ type: "event_callback", event_id: id, event: { type, channel: "C024BE91L" } }),
    headers: (key, body, { at }) => ({
      "x-slack-request-timestamp": unix(at),
      "x-slack-signature": `v0=${hmac(key, `v0:${unix(at)}:${body}`, "hex")}`
    })
  },
  {
    provider: "discord",
    keys: Keys.ed25519((key) => key.toString("hex")),
    proof: "x-signature-ed25519",
    type: "APPLICATION_AUTHORIZED",
    body: ({ id, type }) =>
      json({
        version: 1,
        application_id: "1234560123453231555",
        type: 1,
        event: { type, timestamp: "2024-10-18T14:42:53.064834", data: { user: { id } } }
      }),
    headers: (key, body, { at }) => ({
      "x-signature-timestamp": unix(at),
      "x-signature-ed25519": Keys.signEd25519(key, unix(at) + body).toString("hex")
    })
  },
  {
    provider: "zendesk",
    keys: Keys.text,
    proof: "x-zendesk-webhook-signature",
    type: "zen:event-type:ticket.created",
    body: ({ id, type }) => json({ type, detail: { id: "35", external_id: id } }),
    headers: (key, body, { at, id }) => {
      const timestamp = `${new Date(at).toISOString().slice(0, 19)}Z`
      return {
        "x-zendesk-webhook-signature-timestamp": timestamp,
        "x-zendesk-webhook-signature": hmac(key, timestamp + body, "base64"),
        "x-zendesk-webhook-invocation-id": id
      }
    }
  },
  {
    provider: "intercom",
    keys: Keys.text,
    proof: "x-hub-signature",
    type: "user.created",
    body: ({ id, type }) => json({ type: "notification_event", id, topic: type, data: { item: { id: "5b1" } } }),
    headers: (key, body) => ({ "x-hub-signature": `sha1=${hmac(key, body, "hex", "sha1")}` })
  },
  {
    provider: "meta",
    keys: Keys.text,
    proof: "x-hub-signature-256",
    type: "whatsapp_business_account.messages",
    // Meta writes what is not ASCII as escapes.
    body: ({ id, type }) => {
      const [object, field] = halves(type)
      const changes = [{ field, value: { messages: [{ id: `wamid.${id}`, text: { body: "ä" } }] } }]
      return json({ object, entry: [{ id: "102290129340398", changes }] }).replaceAll("ä", "\\u00e4")
    },
    headers: (key, body) => ({ "x-hub-signature-256": `sha256=${hmac(key, body, "hex")}` })
  },
  {
    provider: "hubspot",
    keys: Keys.text,
    proof: "x-hubspot-signature-v3",
    type: "contact.creation",
    body: ({ id, type }) =>
      json([
        {
          eventId: id,
          subscriptionId: 7,
          subscriptionType: type,
          objectId: 123,
          occurredAt: 1_564_113_600_000,
          attemptNumber: 0
        }
      ]),
    headers: (key, body, { at, url }) => ({
      "x-hubspot-request-timestamp": String(at),
      "x-hubspot-signature-v3": hmac(key, `POST${url}${body}${at}`, "base64")
    })
  },
  {
    provider: "zoom",
    keys: Keys.text,
    proof: "x-zm-signature",
    type: "meeting.started",
    body: ({ id, type }) => json({ event: type, event_ts: 1_626_230_691_572, payload: { object: { uuid: id } } }),
    headers: (key, body, { at }) => ({
      "x-zm-request-timestamp": unix(at),
      "x-zm-signature": `v0=${hmac(key, `v0:${unix(at)}:${body}`, "hex")}`
    })
  },
  {
    provider: "x",
    keys: Keys.text,
    proof: "x-twitter-webhooks-signature",
    type: "tweet_create_events",
    body: ({ id, type }) => json({ for_user_id: "2244994945", [type]: [{ id_str: id }] }),
    headers: (key, body) => ({ "x-twitter-webhooks-signature": `sha256=${hmac(key, body, "base64")}` })
  }
]

/** Who sends when people talk. */
export const conversations: ReadonlyArray<Sender> = inHeaders.map(inHeader)
