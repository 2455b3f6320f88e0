import * as Keys from "./Keys.ts"
import { hmac, inHeader, json, type Sender, unix } from "./Sender.ts"

const sendgrid = inHeader({
  provider: "sendgrid",
  keys: Keys.p256,
  proof: "x-twilio-email-event-webhook-signature",
  type: "delivered",
  body: ({ id, type }) =>
    `${json([{ email: "one@example.com", event: type, sg_event_id: id, sg_message_id: "m1" }])}\r\n`,
  headers: (key, body, { at }) => ({
    "x-twilio-email-event-webhook-timestamp": unix(at),
    "x-twilio-email-event-webhook-signature": Keys.signP256(key, unix(at) + body).toString("base64")
  })
})

const postmark = inHeader({
  provider: "postmark",
  keys: Keys.password,
  proof: "authorization",
  type: "Delivery",
  body: ({ id, type }) => json({ RecordType: type, MessageID: "883953f4", Details: id }),
  headers: (key) => ({ authorization: `Basic ${Buffer.from(key).toString("base64")}` })
})

const mailgun: ReadonlyArray<Sender> = [
  {
    provider: "mailgun",
    keys: Keys.text,
    proof: { json: ["signature", "signature"] },
    type: "delivered",
    sign: (key, { at, id, type, url }) => ({
      url,
      headers: { "content-type": "application/json" },
      body: json({
        signature: { timestamp: unix(at), token: id, signature: hmac(key, unix(at) + id, "hex") },
        "event-data": { event: type, id: "CPgfbmQMTCKtHW6uIWtuVe", recipient: "one@example.com" }
      })
    })
  },
  {
    provider: "mailgun",
    variant: "form",
    keys: Keys.text,
    proof: { form: "signature" },
    type: "delivered",
    sign: (key, { at, id, type, url }) => ({
      url,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({
        event: type,
        recipient: "one@example.com",
        timestamp: unix(at),
        token: id,
        signature: hmac(key, unix(at) + id, "hex")
      }).toString()
    })
  }
]

/** Who sends when mail is sent. */
export const mails: ReadonlyArray<Sender> = [sendgrid, postmark, ...mailgun]
