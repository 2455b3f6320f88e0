import * as Keys from "./Keys.ts"
import { halves, type HeaderSender, hmac, inHeader, json, type Sender, unix } from "./Sender.ts"

const inHeaders: ReadonlyArray<HeaderSender> = [
  {
    provider: "github",
    keys: Keys.text,
    proof: "x-hub-signature-256",
    type: "issues.opened",
    body: ({ type }) => json({ action: halves(type)[1], issue: { id: 1, title: "ünïcödé" } }),
    headers: (key, body, { id, type }) => ({
      "x-github-delivery": id,
      "x-github-event": halves(type)[0],
      "x-hub-signature-256": `sha256=${hmac(key, body, "hex")}`
    })
  },
  {
    provider: "gitlab",
    keys: Keys.whsec,
    proof: "webhook-signature",
    type: "Push Hook",
    body: () => json({ object_kind: "push", ref: "refs/heads/main" }),
    headers: (key, body, { at, id, type }) => {
      const signature = hmac(Keys.whsecBytes(key), `${id}.${unix(at)}.${body}`, "base64")
      return {
        "webhook-id": id,
        "webhook-timestamp": unix(at),
        "webhook-signature": `v1,${signature}`,
        "idempotency-key": id,
        "x-gitlab-event": type,
        "x-gitlab-event-uuid": "13792a34"
      }
    }
  },
  {
    provider: "gitlab",
    variant: "token",
    keys: Keys.text,
    proof: "x-gitlab-token",
    type: "Push Hook",
    body: () => json({ object_kind: "push", ref: "refs/heads/main" }),
    headers: (key, _, { id, type }) => ({
      "x-gitlab-token": key,
      "idempotency-key": id,
      "x-gitlab-event": type,
      "x-gitlab-event-uuid": "13792a34"
    })
  },
  {
    provider: "linear",
    keys: Keys.text,
    proof: "linear-signature",
    type: "Issue.update",
    body: ({ at, type }) => {
      const [kind, action] = halves(type)
      return json({ action, type: kind, data: { id: "2174add1" }, webhookTimestamp: at })
    },
    headers: (key, body, { id, type }) => ({
      "linear-signature": hmac(key, body, "hex"),
      "linear-delivery": id,
      "linear-event": halves(type)[0]
    })
  },
  {
    provider: "bitbucket",
    keys: Keys.text,
    proof: "x-hub-signature",
    type: "repo:push",
    body: () => json({ push: { changes: [] } }),
    headers: (key, body, { id, type }) => ({
      "x-hub-signature": `sha256=${hmac(key, body, "hex")}`,
      "x-request-uuid": id,
      "x-hook-uuid": "hook",
      "x-event-key": type
    })
  },
  {
    provider: "gitea",
    keys: Keys.text,
    proof: "x-gitea-signature",
    type: "push",
    body: () => json({ ref: "refs/heads/main" }),
    headers: (key, body, { id, type }) => ({
      "x-gitea-signature": hmac(key, body, "hex"),
      "x-gitea-delivery": id,
      "x-gitea-event": type
    })
  },
  {
    provider: "typeform",
    keys: Keys.text,
    proof: "typeform-signature",
    type: "form_response",
    body: ({ id, type }) => json({ event_id: id, event_type: type, form_response: { form_id: "lT4Z3j" } }),
    headers: (key, body) => ({ "typeform-signature": `sha256=${hmac(key, body, "base64")}` })
  },
  {
    provider: "calendly",
    keys: Keys.text,
    proof: "calendly-webhook-signature",
    type: "invitee.created",
    body: ({ id, type }) => json({ event: type, payload: { uri: `https://api.calendly.com/invitees/${id}` } }),
    headers: (key, body, { at }) => ({
      "calendly-webhook-signature": `t=${unix(at)},v1=${hmac(key, `${unix(at)}.${body}`, "hex")}`
    })
  },
  {
    provider: "okta",
    keys: Keys.text,
    proof: "authorization",
    type: "com.okta.event_hook",
    body: ({ id, type }) => json({ eventId: id, eventType: type, data: { events: [] } }),
    headers: (key) => ({ authorization: key })
  }
]

const microsoftGraph: Sender = {
  provider: "microsoft-graph",
  keys: Keys.text,
  proof: { json: ["value", "0", "clientState"] },
  type: "created",
  sign: (key, { id, type, url }) => ({
    url,
    headers: { "content-type": "application/json" },
    body: json({ value: [{ id, changeType: type, clientState: key, resource: "users/1/messages/2" }] })
  })
}

/** Who sends when people work. */
export const workplaces: ReadonlyArray<Sender> = [...inHeaders.map(inHeader), microsoftGraph]
