import { hmacValidator } from "@adyen/api-library"
import { assert, describe, it } from "@effect/vitest"
import { LinearWebhookClient } from "@linear/sdk/webhooks"
import { verify } from "@octokit/webhooks-methods"
import { Paddle } from "@paddle/paddle-node-sdk"
import { EventWebhook } from "@sendgrid/eventwebhook"
import { verifyKey } from "discord-interactions"
import { Effect } from "effect"
import { Webhook as Standard } from "standardwebhooks"
import { Stripe } from "stripe"
import twilio from "twilio"
import type { Signed } from "../../src/simulate/senders/Sender.ts"
import { senders } from "../../src/simulate/senders/Senders.ts"
import { hook, verdict } from "../domain/verification/Requests.ts"

// The libraries go by this host's clock.
const at = Math.floor(Date.now() / 1_000) * 1_000

/** Whether the provider's own library believes a webhook that is signed now. */
const libraries: Readonly<Record<string, (secret: string, sent: Signed) => unknown>> = {
  stripe: (secret, { body, headers }) =>
    new Stripe("sk_test_none").webhooks.constructEvent(body, headers["stripe-signature"] ?? "", secret),
  github: (secret, { body, headers }) => verify(secret, body, headers["x-hub-signature-256"] ?? ""),
  paddle: (secret, { body, headers }) =>
    new Paddle("none").webhooks.isSignatureValid(body, secret, headers["paddle-signature"] ?? ""),
  sendgrid: (secret, { body, headers }) => {
    const webhook = new EventWebhook()
    return webhook.verifySignature(
      webhook.convertPublicKeyToECDSA(secret),
      body,
      headers["x-twilio-email-event-webhook-signature"] ?? "",
      headers["x-twilio-email-event-webhook-timestamp"] ?? ""
    )
  },
  discord: (secret, { body, headers }) =>
    verifyKey(body, headers["x-signature-ed25519"] ?? "", headers["x-signature-timestamp"] ?? "", secret),
  linear: (secret, { body, headers }) =>
    new LinearWebhookClient(secret).verify(Buffer.from(body), headers["linear-signature"] ?? "", at),
  twilio: (secret, { body, headers, url }) =>
    twilio.validateRequest(
      secret,
      headers["x-twilio-signature"] ?? "",
      url,
      Object.fromEntries(new URLSearchParams(body))
    ),
  "adyen-platform": (secret, { body, headers }) =>
    new hmacValidator().validateHMACSignature(secret, headers["hmacsignature"] ?? "", body),
  "standard-webhooks": (secret, { body, headers }) => new Standard(secret).verify(body, { ...headers })
}

const believes = (provider: string, secret: string, sent: Signed): Effect.Effect<boolean> =>
  Effect.tryPromise(async () => await libraries[provider]?.(secret, sent)).pipe(
    Effect.match({ onFailure: () => false, onSuccess: Boolean })
  )

describe("a webhook that the provider's own library believes is accepted", () => {
  it.effect.each(senders.filter(({ provider, variant }) => provider in libraries && variant === undefined))(
    "$provider",
    ({ keys, provider, sign, type }) =>
      Effect.gen(function*() {
        const secret = keys.secretOf(keys.own)
        const sent = sign(keys.own, { id: "wh_1", type, at, url: hook })
        assert.isTrue(yield* believes(provider, secret, sent))
        assert.isFalse(yield* believes(provider, keys.secretOf(keys.other), sent))
        assert.strictEqual(verdict(provider, [secret], { ...sent, receivedAt: at }), "accepted")
      })
  )

  it("is tried for each of them", () => {
    assert.includeMembers(senders.map(({ provider }) => String(provider)), Object.keys(libraries))
  })
})
