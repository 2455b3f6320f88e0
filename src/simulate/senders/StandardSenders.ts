import * as Keys from "./Keys.ts"
import { hmac, inHeader, json, type Sender, unix, type Webhook } from "./Sender.ts"

const standard = (provider: Sender["provider"], names: "webhook" | "svix"): Sender =>
  inHeader({
    provider,
    keys: Keys.whsec,
    proof: `${names}-signature`,
    type: "user.created",
    body,
    headers: (key, body, { at, id }) => ({
      [`${names}-id`]: id,
      [`${names}-timestamp`]: unix(at),
      [`${names}-signature`]: `v1,${hmac(Keys.whsecBytes(key), `${id}.${unix(at)}.${body}`, "base64")}`
    })
  })

// What names a user or a mail names no webhook.
const body = ({ type }: Webhook): string => json({ type, data: { id: "user_1", email_id: "one" } })

const asymmetric = inHeader({
  provider: "standard-webhooks",
  variant: "v1a",
  keys: Keys.ed25519((key) => `whpk_${key.toString("base64")}`),
  proof: "webhook-signature",
  type: "user.created",
  body,
  headers: (key, body, { at, id }) => ({
    "webhook-id": id,
    "webhook-timestamp": unix(at),
    "webhook-signature": `v1a,${Keys.signEd25519(key, `${id}.${unix(at)}.${body}`).toString("base64")}`
  })
})

/** Who sends by the Standard Webhooks specification. */
export const standardSenders: ReadonlyArray<Sender> = [
  standard("standard-webhooks", "webhook"),
  asymmetric,
  standard("svix", "svix"),
  standard("clerk", "svix"),
  standard("resend", "svix"),
  standard("openai", "webhook")
]
