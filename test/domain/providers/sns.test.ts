import { assert, describe, it } from "@effect/vitest"
import { Either, Option } from "effect"
import { providers } from "../../../src/domain/providers/Providers.ts"
import * as Handshake from "../../../src/domain/verification/Handshake.ts"
import type { Reason } from "../../../src/domain/verification/Refusal.ts"
import type { Signed } from "../../../src/simulate/senders/Sender.ts"
import { hook, now, request, verdict, verify } from "../verification/Requests.ts"
import { addresses, certificates, snsMessage } from "./CertificateSenders.ts"

const topic = "arn:aws:sns:eu-central-1:123456789012:orders"
const foreign = "arn:aws:sns:eu-central-1:999999999999:orders"
const webhook = { id: "wh_1", type: "Notification", at: now, url: hook }
const subject = { Subject: "A subject" }
const confirmation = {
  Token: "2336412f37fb",
  SubscribeURL: "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription"
}

const message = (further = {}, of = topic) => snsMessage(of, webhook, 2, further)
const judged = (sent: Signed, secrets = [topic]) => verdict("sns", secrets, sent, {}, certificates)

/** The message with members that nobody signed. */
const adding = ({ body, ...sent }: Signed, members: string): Signed => ({
  ...sent,
  body: body.replace("{", `{${members},`)
})

const replacing = ({ body, ...sent }: Signed, from: string, to: string): Signed => {
  assert.include(body, from)
  return { ...sent, body: body.replace(from, to) }
}

describe("sns", () => {
  it.each([1, 2] as const)("takes signatures of version %s, with and without a subject", (version) => {
    for (const further of [{}, subject]) {
      assert.strictEqual(judged(snsMessage(topic, webhook, version, further)), "accepted")
    }
  })

  it("takes no signature for one of the other version", () => {
    for (const [from, to] of [["1", "2"], ["2", "1"]] as const) {
      const sent = snsMessage(topic, webhook, from === "1" ? 1 : 2)
      const other = replacing(sent, `"SignatureVersion":"${from}"`, `"SignatureVersion":"${to}"`)
      assert.strictEqual(judged(other), "signature_mismatch")
    }
  })

  it.each(["\"3\"", "\"\"", "null"])("takes no signature of the version %s", (version) => {
    const sent = replacing(message(), "\"SignatureVersion\":\"2\"", `"SignatureVersion":${version}`)
    assert.notStrictEqual(judged(sent), "accepted")
    assert.notStrictEqual(judged(sent), "secret_missing")
  })

  it("refuses what another topic signed, whatever topic it then names", () => {
    assert.strictEqual(judged(message({}, foreign)), "signature_mismatch")
    assert.strictEqual(judged(replacing(message({}, foreign), foreign, topic)), "signature_mismatch")
    assert.strictEqual(judged(message({}, foreign), [topic, foreign]), "accepted")
  })

  it("refuses a message that names no topic", () => {
    assert.strictEqual(judged(replacing(message(), "\"TopicArn\"", "\"Topic\"")), "signature_mismatch")
  })

  it.each<[string, string, Reason]>([
    ["a subject", "\"Subject\":\"forged\"", "signature_mismatch"],
    ["a subject of no text", "\"Subject\":\"\"", "signature_mismatch"],
    ["a URL to visit", "\"SubscribeURL\":\"https://sns.us-east-1.amazonaws.com/\"", "signature_mismatch"],
    ["a token", "\"Token\":\"forged\"", "signature_mismatch"],
    ["a subject that is a list", "\"Subject\":[\"forged\"]", "signed_value_missing"],
    ["a URL to visit that is an object", "\"SubscribeURL\":{}", "signed_value_missing"]
  ])("refuses %s that was added and is not signed", (_, members, reason) => {
    assert.strictEqual(judged(adding(message(), members)), reason)
  })

  it("refuses a message whose subject was taken away", () => {
    assert.strictEqual(judged(replacing(message(subject), "\"Subject\":\"A subject\",", "")), "signature_mismatch")
  })

  it("refuses a certificate that is not the provider's", () => {
    const elsewhere = replacing(message(), addresses.sns, "https://sns.example/cert.pem")
    const unsaid = replacing(message(), "\"SigningCertURL\"", "\"CertURL\"")
    assert.strictEqual(judged(elsewhere), "certificate_refused")
    assert.strictEqual(judged(unsaid), "certificate_refused")
    assert.isTrue(Either.isLeft(verify("sns", [topic], message())))
  })

  it("asks to visit a URL only in a confirmation that the topic signed", () => {
    const { handshakes } = providers.sns.scheme({})
    const asked = snsMessage(topic, { ...webhook, type: "SubscriptionConfirmation" }, 1, confirmation)
    assert.isTrue(Option.isSome(Handshake.of(handshakes, true, request(asked))))
    assert.strictEqual(judged(asked), "accepted")
    const turned = replacing(message(confirmation), "\"Notification\"", "\"SubscriptionConfirmation\"")
    assert.isTrue(Option.isSome(Handshake.of(handshakes, true, request(turned))))
    assert.strictEqual(judged(turned), "signature_mismatch")
  })
})
