import * as Keys from "./Keys.ts"
import { type HeaderSender, hmac, inHeader, json, type Sender, type Webhook } from "./Sender.ts"

const body = ({ id, type }: Webhook): string => json({ id, type, note: "ünïcödé" })

const inHeaders: ReadonlyArray<HeaderSender> = [
  {
    provider: "hmac",
    keys: Keys.text,
    proof: "x-signature",
    type: "thing.changed",
    body,
    headers: (key, body) => ({ "x-signature": `sha256=${hmac(key, body, "hex")}` })
  },
  {
    provider: "token",
    keys: Keys.text,
    proof: "x-webhook-token",
    type: "thing.changed",
    body,
    headers: (key) => ({ "x-webhook-token": key })
  },
  {
    provider: "basic",
    keys: Keys.password,
    proof: "authorization",
    type: "thing.changed",
    body,
    headers: (key) => ({ authorization: `Basic ${Buffer.from(key).toString("base64")}` })
  }
]

/** Anybody who signs in one of the usual ways. */
export const anybody: ReadonlyArray<Sender> = inHeaders.map(inHeader)
