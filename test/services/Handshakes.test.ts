import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Either, Fiber, Layer, Option, Redacted, Ref, TestClock } from "effect"
import { createSign } from "node:crypto"
import { readFileSync } from "node:fs"
import { providers } from "../../src/domain/providers/Providers.ts"
import type { Refusal } from "../../src/domain/verification/Refusal.ts"
import { Request } from "../../src/domain/verification/Request.ts"
import * as AtOnce from "../../src/services/AtOnce.ts"
import { Audit } from "../../src/services/Audit.ts"
import { Certificates } from "../../src/services/Certificates.ts"
import { Handshakes } from "../../src/services/Handshakes.ts"
import { ProviderHostError, ProviderHosts } from "../../src/services/ports/ProviderHosts.ts"
import { Verification } from "../../src/services/Verification.ts"
import { listed as anyListed } from "../support/Listed.ts"

const vector = (name: string) => readFileSync(new URL(`../vectors/${name}`, import.meta.url))

const topic = "arn:aws:sns:eu-west-1:123456789012:orders"
const certificateUrl = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem"
const subscribeUrl = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=1"
// The certificate is valid from here on.
const today = 1_800_000_000_000

const listed = { ...anyListed, scheme: providers.sns.scheme({}), secretsAt: () => [Redacted.make(topic)] }

/** A message of SNS, signed over the members that it lists in this order. */
const message = (members: Record<string, string>, changes: Record<string, string> = {}, receivedAt = today) => {
  const all: Record<string, string> = {
    MessageId: "m-1",
    Timestamp: "2026-11-26T10:00:00.000Z",
    TopicArn: topic,
    ...members
  }
  const names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
  const signed = names.filter((name) => all[name] !== undefined).map((name) => `${name}\n${all[name]}\n`).join("")
  const Signature = createSign("sha256").update(signed).sign(vector("signer-key.pem"), "base64")
  return new Request({
    method: "POST",
    url: "https://hooks.example/api/v1/webhooks/orders",
    headers: {},
    body: Buffer.from(
      JSON.stringify({ ...all, SignatureVersion: "2", Signature, SigningCertURL: certificateUrl, ...changes })
    ),
    receivedAt
  })
}

const notification = { Type: "Notification", Message: "hello" }
const confirmation = { Type: "SubscriptionConfirmation", Message: "confirm", Token: "1", SubscribeURL: subscribeUrl }

/** Everything behind the provider's hosts, which answer as told and remember what they were asked. */
const behind = (answer: (url: string) => Effect.Effect<Uint8Array, ProviderHostError>) =>
  Effect.gen(function*() {
    const asked = yield* Ref.make<ReadonlyArray<string>>([])
    const audited = yield* Ref.make(0)
    const layer = Handshakes.layer.pipe(
      Layer.provideMerge(Verification.layer),
      Layer.provide(Certificates.layer),
      Layer.provide(Layer.mergeAll(
        Layer.succeed(Audit, { append: () => Ref.update(audited, (_) => _ + 1) }),
        Layer.succeed(ProviderHosts, {
          get: (url) => Effect.zipRight(Ref.update(asked, (_) => [..._, url]), answer(url))
        })
      ))
    )
    const { handshakes, verification } = yield* Layer.build(layer).pipe(
      Effect.flatMap((context) =>
        Effect.provide(Effect.all({ handshakes: Handshakes, verification: Verification }), context)
      )
    )
    yield* TestClock.setTime(today)
    return {
      asked: Ref.get(asked),
      audited: Ref.get(audited),
      handshake: (request: Request) =>
        Effect.either(AtOnce.program(AtOnce.flatMap(
          verification.verify(listed, request),
          (secret) => handshakes.signed(listed, request, secret)
        ))),
      verdict: (request: Request) =>
        Effect.map(
          Effect.either(AtOnce.program(verification.verify(listed, request))),
          Either.match({
            onLeft: reasonOf,
            onRight: () => "accepted"
          })
        )
    }
  })

const reasonOf = (error: Refusal | ProviderHostError) => error._tag === "Refusal" ? error.reason : error._tag

const well = () => Effect.succeed(new Uint8Array(vector("signer-certificate.pem")))

describe("a certificate", () => {
  it.scoped("that the provider's host gives proves what it signed, and is asked for once", () =>
    Effect.gen(function*() {
      const { asked, verdict } = yield* behind(well)
      assert.strictEqual(yield* verdict(message(notification)), "accepted")
      assert.strictEqual(yield* verdict(message({ ...notification, Subject: "with one" })), "accepted")
      assert.strictEqual(yield* verdict(message(notification, { Message: "changed" })), "signature_mismatch")
      assert.strictEqual(yield* verdict(message(notification, { Subject: "added" })), "signature_mismatch")
      assert.deepStrictEqual(yield* asked, [certificateUrl])
    }))

  it.scoped("of another host is never asked for, nor one for another topic", () =>
    Effect.gen(function*() {
      const { asked, verdict } = yield* behind(well)
      const elsewhere = [
        "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-1.pem",
        "https://evil.example/sns.eu-west-1.amazonaws.com",
        "https://sns.eu-west-1.evil.amazonaws.com/cert.pem",
        "https://user@sns.eu-west-1.amazonaws.com/cert.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/cert.pem",
        "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.eu-west-1.amazonaws.com/?Action=Echo",
        "https://sns.s3.amazonaws.com/SimpleNotificationService-1.pem",
        "file:///etc/passwd",
        "no URL"
      ]
      for (const SigningCertURL of elsewhere) {
        assert.strictEqual(yield* verdict(message(notification, { SigningCertURL })), "certificate_refused")
      }
      const foreign = message({ ...notification, TopicArn: "arn:aws:sns:eu-west-1:210987654321:orders" })
      assert.strictEqual(yield* verdict(foreign), "certificate_refused")
      assert.deepStrictEqual(yield* asked, [])
    }))

  it.scoped("that cannot be fetched refuses nothing: the webhook is to come again, and the host is asked again later", () =>
    Effect.gen(function*() {
      const { asked, verdict } = yield* behind((url) => new ProviderHostError({ url }))
      const twice = Effect.replicateEffect(verdict(message(notification)), 2)
      assert.deepStrictEqual(yield* twice, ["ProviderHostError", "ProviderHostError"])
      assert.strictEqual((yield* asked).length, 1)
      yield* TestClock.adjust("11 seconds")
      yield* twice
      assert.strictEqual((yield* asked).length, 2)
    }))

  it.scoped("proves nothing before and after its time", () =>
    Effect.gen(function*() {
      const { verdict } = yield* behind(well)
      const at = (time: string) => verdict(message(notification, {}, Date.parse(time)))
      assert.strictEqual(yield* at("2020-01-01T00:00:00Z"), "certificate_refused")
      assert.strictEqual(yield* at("2200-01-01T00:00:00Z"), "certificate_refused")
      // What came in time is as good later on, and whatever this host takes the time for.
      yield* TestClock.setTime(Date.parse("2200-01-01T00:00:00Z"))
      assert.strictEqual(yield* verdict(message(notification)), "accepted")
    }))

  it.scoped("is no certificate where the host answers something else, and is asked for again soon", () =>
    Effect.gen(function*() {
      const pem = Buffer.from(vector("signer-certificate.pem")).toString()
      for (const page of ["we are down for maintenance", `<html>${pem}</html>`]) {
        const { asked, verdict } = yield* behind(() => Effect.succeed(Buffer.from(page)))
        assert.strictEqual(yield* verdict(message(notification)), "ProviderHostError")
        yield* TestClock.adjust("11 seconds")
        assert.strictEqual(yield* verdict(message(notification)), "ProviderHostError")
        assert.strictEqual((yield* asked).length, 2)
      }
    }))

  it.scoped("is fetched for all that wait for it, though the first of them goes away", () =>
    Effect.gen(function*() {
      const asking = yield* Deferred.make<void>()
      const answering = yield* Deferred.make<void>()
      const { asked, verdict } = yield* behind(() =>
        Deferred.succeed(asking, undefined).pipe(
          Effect.zipRight(Deferred.await(answering)),
          Effect.zipRight(well())
        )
      )
      const first = yield* Effect.fork(verdict(message(notification)))
      yield* Deferred.await(asking)
      const second = yield* Effect.fork(verdict(message({ ...notification, Subject: "another" })))
      yield* Effect.yieldNow()
      yield* Fiber.interruptFork(first)
      yield* Deferred.succeed(answering, undefined)
      assert.strictEqual(yield* Fiber.join(second), "accepted")
      assert.strictEqual((yield* asked).length, 1)
    }))

  it.scoped("stays known while somebody makes up others at the provider's host", () =>
    Effect.gen(function*() {
      const { asked, verdict } = yield* behind((url) =>
        url === certificateUrl ? well() : new ProviderHostError({ url })
      )
      assert.strictEqual(yield* verdict(message(notification)), "accepted")
      for (let made = 0; made < 300; made += 1) {
        const SigningCertURL = certificateUrl.replace("-1.pem", `-${made}x.pem`)
        assert.strictEqual(yield* verdict(message(notification, { SigningCertURL })), "ProviderHostError")
      }
      assert.strictEqual(yield* verdict(message(notification)), "accepted")
      assert.strictEqual((yield* asked).filter((_) => _ === certificateUrl).length, 1)
    }))
})

describe("a subscription", () => {
  it.scoped("is confirmed at the provider's host once it is proven", () =>
    Effect.gen(function*() {
      const { asked, audited, handshake } = yield* behind(well)
      const answer = yield* Effect.flatten(handshake(message(confirmation)))
      assert.deepStrictEqual(Option.map(answer, (_) => _.status), Option.some(200))
      assert.deepStrictEqual(yield* asked, [certificateUrl, subscribeUrl])
      assert.strictEqual(yield* audited, 1)
      assert.deepStrictEqual(yield* Effect.flatten(handshake(message(notification))), Option.none())
    }))

  it.scoped("is not confirmed where nobody signed it, or elsewhere than at the provider's host", () =>
    Effect.gen(function*() {
      const { asked, handshake } = yield* behind(well)
      const SubscribeURL = "https://evil.example/"
      const reason = (request: Request) => Effect.map(Effect.flip(Effect.flatten(handshake(request))), reasonOf)
      assert.strictEqual(yield* reason(message(confirmation, { SubscribeURL })), "signature_mismatch")
      assert.strictEqual(yield* reason(message({ ...confirmation, SubscribeURL })), "handshake_refused")
      assert.deepStrictEqual(yield* asked, [certificateUrl])
    }))
})
