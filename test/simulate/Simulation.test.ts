import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Deferred, Effect, Fiber, Option, Redacted, TestClock } from "effect"
import { providers } from "../../src/domain/providers/Providers.ts"
import * as Naming from "../../src/domain/verification/Naming.ts"
import { Request } from "../../src/domain/verification/Request.ts"
import * as Verifier from "../../src/domain/verification/Verifier.ts"
import * as Options from "../../src/simulate/Options.ts"
import { senders } from "../../src/simulate/senders/Senders.ts"
import { simulate } from "../../src/simulate/Simulate.ts"
import * as Simulation from "../../src/simulate/Simulation.ts"
import * as Answering from "./Answering.ts"

const url = "https://hooks.example/api/v1/webhooks/one?tenant=a%2Fb"
const stripe = ["--provider", "stripe", "--url", url]

const outcomes = (client: HttpClient.HttpClient, ...parameters: ReadonlyArray<string>) =>
  Options.read([...stripe, ...parameters]).pipe(
    Effect.flatMap(Simulation.run),
    Effect.map(Chunk.toReadonlyArray),
    Effect.provideService(HttpClient.HttpClient, client)
  )

const named = senders.map((sender) => ({ name: `${sender.provider} ${sender.variant ?? ""}`.trim(), sender }))

const always = (answer: () => Response) => Answering.make(() => Effect.sync(answer))

describe("a simulation", () => {
  it.effect.each(named)(
    "of $name sends what the gateway believes, each under a key of its own",
    ({ sender }) =>
      Effect.gen(function*() {
        const { client, received } = yield* always(() => Answering.accepted())
        const variant = sender.variant === undefined ? [] : ["--variant", sender.variant]
        const parameters = ["--provider", sender.provider, ...variant, "--url", url, "--count", "3"]
        const { secret } = yield* Options.read(parameters)
        const code = yield* Effect.provideService(simulate(parameters), HttpClient.HttpClient, client)
        assert.strictEqual(code, 0)

        const scheme = providers[sender.provider].scheme({})
        const requests = (yield* received).map(({ body, headers, method, url }) =>
          new Request({
            method,
            url,
            headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
            body,
            receivedAt: 0
          })
        )
        for (const request of requests) yield* Verifier.verify(scheme, [Redacted.make(secret)], request)
        const keys = requests.map((_) =>
          Naming.name(scheme, { dedupe: Option.none(), type: Option.none() }, _).dedupeKey
        )
        assert.strictEqual(new Set(keys).size, 3)
      })
  )

  it.effect("signs by the secret that it is given", () =>
    Effect.gen(function*() {
      const { client, received } = yield* always(() => Answering.accepted())
      yield* outcomes(client, "--secret", "whsec_another", "--type", "invoice.voided")
      const [{ body, headers } = yield* Effect.dieMessage("nothing came")] = yield* received
      const request = new Request({
        method: "POST",
        url,
        headers: { "stripe-signature": [headers["stripe-signature"] ?? ""] },
        body,
        receivedAt: 0
      })
      yield* Verifier.verify(providers.stripe.scheme({}), [Redacted.make("whsec_another")], request)
      assert.include(Buffer.from(body).toString(), "\"type\":\"invoice.voided\"")
    }))

  it.effect("at a steady rate sends when it is due, whether answers come or not", () =>
    Effect.gen(function*() {
      const { client, received } = yield* Answering.make(() => Effect.never)
      const running = yield* Effect.fork(outcomes(client, "--count", "100", "--rate", "4"))
      const sent = Effect.map(received, ({ length }) => length)
      yield* TestClock.adjust("249 millis")
      assert.strictEqual(yield* sent, 1)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* sent, 2)
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual(yield* sent, 42)
      yield* Fiber.interrupt(running)
    }))

  it.effect("at no rate sends the next when an answer comes, sixteen at once", () =>
    Effect.gen(function*() {
      const answer = yield* Deferred.make<void>()
      const { client, received } = yield* Answering.make((_, index) =>
        Effect.map(index < 16 ? Deferred.await(answer) : Effect.void, () => Answering.accepted())
      )
      const running = yield* Effect.fork(outcomes(client, "--count", "40"))
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* received).length, 16)
      yield* Deferred.succeed(answer, undefined)
      assert.strictEqual((yield* Fiber.join(running)).length, 40)
    }))

  it.effect("tells what was accepted, known already, refused and not answered", () =>
    Effect.gen(function*() {
      const answers = [
        () => Answering.accepted(),
        () => Answering.accepted(true),
        () => new Response("[accepted]"),
        () => Response.json({ error: { code: "signature_invalid", message: "It fits none." } }, { status: 401 }),
        () => new Response("<html>", { status: 502 })
      ]
      const { client } = yield* Answering.make((_, index) => Effect.sync(answers[index] ?? Answering.accepted))
      const told = yield* outcomes(client, "--count", "5")
      assert.sameDeepMembers(
        told.map((outcome) => outcome._tag === "Refused" ? [outcome.status, outcome.said] : [outcome._tag]),
        [["Accepted"], ["Duplicate"], ["Accepted"], [401, "It fits none."], [502, "<html>"]]
      )
    }))

  it.effect("measures how long an answer takes, and waits thirty seconds for it", () =>
    Effect.gen(function*() {
      const { client } = yield* Answering.make((_, index) =>
        Effect.delay(Effect.sync(() => Answering.accepted()), index === 0 ? "20 millis" : "1 minute")
      )
      const running = yield* Effect.fork(outcomes(client, "--count", "2"))
      yield* TestClock.adjust("30 seconds")
      assert.sameDeepMembers([...yield* Fiber.join(running)], [
        { _tag: "Accepted", millis: 20 },
        { _tag: "Unanswered", why: "no answer within 30s" }
      ])
    }))

  it.effect("tells why nobody answers, and goes on", () =>
    Effect.gen(function*() {
      const client = HttpClient.make((request) =>
        Effect.fail(
          new HttpClientError.RequestError({ request, reason: "Transport", cause: new Error("connect ECONNREFUSED") })
        )
      )
      const told = yield* outcomes(client, "--count", "2")
      const unanswered = { _tag: "Unanswered" as const, why: "connect ECONNREFUSED" }
      assert.deepStrictEqual(told, [unanswered, unanswered])
    }))
})
