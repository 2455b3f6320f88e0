import { hmac, type Sender, unix } from "./Sender.ts"

const standard = (names: "webhook" | "svix"): Omit<Sender, "provider"> => ({
  secret: `whsec_${Buffer.from("the secret of the tests").toString("base64")}`,
  otherSecret: `whsec_${Buffer.from("another secret of them").toString("base64")}`,
  provesBody: true,
  body: "{\"type\":\"user.created\",\"data\":{\"email_id\":\"one\"}}",
  carries: `${names}-signature`,
  headers: (secret, body, at) => {
    const signature = hmac(Buffer.from(secret.slice(6), "base64"), `msg_1.${unix(at)}.${body}`, "base64")
    return {
      [`${names}-id`]: "msg_1",
      [`${names}-timestamp`]: unix(at),
      [`${names}-signature`]: `v1,${signature}`
    }
  },
  tolerance: [300, 300],
  dedupeKey: "msg_1",
  type: "user.created"
})

/** Who sends by the Standard Webhooks specification. */
export const standardSenders: ReadonlyArray<Sender> = [
  { provider: "svix", ...standard("svix") },
  { provider: "clerk", ...standard("svix") },
  { provider: "resend", ...standard("svix") },
  { provider: "openai", ...standard("webhook") }
]
