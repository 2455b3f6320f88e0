import { createHash } from "node:crypto"
import * as Keys from "./Keys.ts"
import { hmac, json, type Sender } from "./Sender.ts"

const twilio = {
  provider: "twilio",
  keys: Keys.text,
  proof: { header: "x-twilio-signature" }
} as const

/** Twilio, which signs its URL: with the fields of a form behind it, or with the hash of a JSON body within. */
export const telephony: ReadonlyArray<Sender> = [
  {
    ...twilio,
    type: "delivered",
    sign: (key, { id, type, url }) => {
      const fields = { MessageSid: "SM1", AccountSid: "AC1", MessageStatus: type, Body: "Grüße & 1+1" }
      const signed = Object.entries(fields).toSorted(([one], [other]) => one < other ? -1 : 1).flat().join("")
      return {
        url,
        headers: {
          "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
          "x-twilio-signature": hmac(key, url + signed, "base64", "sha1"),
          "i-twilio-idempotency-token": id
        },
        body: new URLSearchParams(fields).toString()
      }
    }
  },
  {
    ...twilio,
    variant: "json",
    type: "onMessageAdded",
    sign: (key, { id, type, url }) => {
      const body = json({ EventType: type, MessageSid: "IM1" })
      const signed = `${url}${url.includes("?") ? "&" : "?"}bodySHA256=${
        createHash("sha256").update(body).digest("hex")
      }`
      return {
        url: signed,
        headers: {
          "content-type": "application/json",
          "x-twilio-signature": hmac(key, signed, "base64", "sha1"),
          "i-twilio-idempotency-token": id
        },
        body
      }
    }
  }
]
