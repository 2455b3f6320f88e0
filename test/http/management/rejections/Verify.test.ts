import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Clock, DateTime, Effect, Option, Struct } from "effect"
import { createHmac } from "node:crypto"
import type { TrialInput } from "../../../../src/http/management/VerificationApi.ts"
import * as Client from "../../../support/Client.ts"
import * as Gateway from "../../../support/Gateway.ts"
import { managementKey } from "../../../support/ManagementKey.ts"
import * as Api from "../../Api.ts"
import { ground, mend, nowhere, wrongly } from "./Refused.ts"

const right = "whsec_the-sender-s-own"
const sign = (text: string, secret = right) => createHmac("sha256", secret).update(text).digest("hex")

const plain: TrialInput = {
  method: "POST",
  url: Option.none(),
  headers: {},
  body: Option.none(),
  bodyBase64: Option.none(),
  receivedAt: Option.none()
}

const verify = (id: string, trial: Partial<TrialInput>) =>
  Effect.flatMap(
    Client.Clients,
    ({ operator }) => operator.verification.verify({ path: { id }, payload: { ...plain, ...trial } })
  )

const nothingElse = { secret: null, handshake: null, events: [] }

/** How much is kept of anything that a trial must leave alone. */
const kept = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql`
    SELECT (SELECT count(*) FROM events)::int AS events, (SELECT count(*) FROM rejections)::int AS rejections,
      (SELECT count(*) FROM audit_entries)::int AS audited`
  return row
})

layer(ground({ maxWebhookBytes: 1_000 }), Api.live)("a dry run", (it) => {
  it.effect("says by which secret a webhook would be believed, and which event it would become", () =>
    Effect.gen(function*() {
      const integrationId = yield* wrongly("shop", { provider: "stripe", secrets: ["whsec_wrong-one"] })
      const body = "{\"id\":\"evt_1\",\"type\":\"charge.succeeded\"}"
      const seconds = Math.floor((yield* Clock.currentTimeMillis) / 1_000) - 3_600
      const trial = {
        headers: { "Stripe-Signature": `t=${seconds},v1=${sign(`${seconds}.${body}`)}` },
        body: Option.some(body)
      }
      const then = { ...trial, receivedAt: Option.some(DateTime.unsafeMake(seconds * 1_000)) }
      const old = yield* verify("shop", trial)
      assert.deepInclude(old, { verified: false, reason: "timestamp_too_old", ...nothingElse })
      assert.match(old.detail ?? "", /^It was signed 36\d\d s before/)
      const wrong = yield* verify("shop", then)
      assert.deepInclude(wrong, { verified: false, reason: "signature_mismatch", ...nothingElse })
      const secretId = yield* mend(integrationId, right)
      const before = yield* kept
      const { manage } = yield* Gateway.Gateway
      const { json } = yield* manage("/integrations/shop/destinations")
      const told = yield* verify(integrationId, then)
      assert.deepStrictEqual({ ...told, events: told.events.map(Struct.omit("destinationIds")) }, {
        verified: true,
        reason: null,
        detail: null,
        secret: { id: secretId, hint: "…-own" },
        handshake: null,
        events: [{ dedupeKey: "evt_1", type: "charge.succeeded", providerEventId: "evt_1", size: body.length }]
      })
      assert.nestedPropertyVal(json, "data[0].id", told.events[0]?.destinationIds[0])
      assert.deepStrictEqual(yield* kept, before)
    }))

  it.effect("takes any bytes, several values of a header, and the URL that a provider calls", () =>
    Effect.gen(function*() {
      const { base } = yield* Gateway.Gateway
      yield* Gateway.integration("bytes", nowhere)
      const body = Buffer.from([0, 255, 128])
      const signature = createHmac("sha256", Gateway.secret).update(body).digest("hex")
      const bytes = { bodyBase64: Option.some(body.toString("base64")) }
      const believed = yield* verify("bytes", { ...bytes, headers: { "X-Signature": [signature] } })
      assert.deepInclude(believed, { verified: true })
      assert.deepStrictEqual(believed.events.map((_) => _.size), [3])
      const twice = yield* verify("bytes", {
        ...bytes,
        headers: { "x-signature": signature, "X-Signature": signature }
      })
      assert.deepInclude(twice, { verified: false, reason: "signature_repeated" })

      const scheme = {
        proofs: [{ kind: "hmac", at: [{ header: "x-signature" }], content: ["{url}\n{raw}"] }]
      }
      yield* wrongly("urls", { provider: "custom", scheme, secrets: [right] })
      const called = "https://hooks.example/api/v1/webhooks/urls?a=b"
      const signed = (url: string) => ({ "x-signature": sign(`${url}\n{}`) })
      const tried = (headers: Record<string, string>, url: Option.Option<string>) =>
        Effect.map(verify("urls", { headers, url, body: Option.some("{}") }), (_) => _.verified)
      // Nothing tells the gateway that it is reached by https.
      assert.isFalse(yield* tried(signed(called), Option.some(called)))
      assert.isTrue(yield* tried(signed(called.replace("https", "http")), Option.some(called)))
      assert.isTrue(yield* tried(signed(`${base}/api/v1/webhooks/urls?a=b`), Option.some("/any?a=b")))
      assert.isTrue(yield* tried(signed(`${base}/api/v1/webhooks/urls`), Option.none()))
    }))

  it.effect("tells every event of a webhook that would be split", () =>
    Effect.gen(function*() {
      const scheme = {
        proofs: [{ kind: "hmac", at: [{ header: "x-signature" }] }],
        only: "$.events",
        split: true,
        dedupe: [[{ item: "$.id" }]]
      }
      yield* wrongly("batches", { provider: "custom", scheme, secrets: [right] })
      const body = "{\"events\":[{\"id\":\"a\"},{\"id\":\"b\"}]}"
      const { events } = yield* verify("batches", {
        headers: { "x-signature": sign(body) },
        body: Option.some(body)
      })
      assert.deepStrictEqual(events.map((_) => _.dedupeKey), ["a", "b"])
    }))

  it.effect("tells a handshake from a webhook, and neither answers nor notes it", () =>
    Effect.gen(function*() {
      yield* wrongly("meta", { provider: "meta", secrets: [right], verifyToken: "chosen" })
      yield* wrongly("zoom", { provider: "zoom", secrets: [right] })
      const before = yield* kept
      const asked = (token: string) =>
        verify("meta", {
          method: "GET",
          url: Option.some(`/?hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=1`)
        })
      assert.deepInclude(yield* asked("chosen"), {
        verified: true,
        handshake: { provenBy: "verify_token", status: 200 },
        events: []
      })
      assert.deepInclude(yield* asked("other"), { verified: false, reason: "handshake_refused", ...nothingElse })
      assert.deepInclude(yield* verify("meta", { method: "GET" }), { verified: false, reason: "not_a_webhook" })
      const at = Math.floor((yield* Clock.currentTimeMillis) / 1_000)
      const body = "{\"event\":\"endpoint.url_validation\",\"payload\":{\"plainToken\":\"qgg8vlvZRS6UYooatFL8Aw\"}}"
      const headers = { "x-zm-request-timestamp": `${at}`, "x-zm-signature": `v0=${sign(`v0:${at}:${body}`)}` }
      const shaken = yield* verify("zoom", { headers, body: Option.some(body) })
      assert.deepInclude(shaken, { verified: true, handshake: { provenBy: "signature", status: 200 }, events: [] })
      assert.notInclude(JSON.stringify(shaken), sign("qgg8vlvZRS6UYooatFL8Aw"))
      assert.deepStrictEqual(yield* kept, before)
    }))

  it.effect("needs no enabled integration, and no secret where the scheme asks for none", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      yield* Gateway.integration("off", nowhere)
      yield* manage("/integrations/off", { status: "disabled" }, "PATCH")
      const trial = { body: Option.some("{}"), headers: { "x-signature": sign("{}", Gateway.secret), "x-id": "k" } }
      assert.isTrue((yield* verify("off", trial)).verified)
      yield* wrongly("open", { provider: "none" })
      assert.deepInclude(yield* verify("open", { body: Option.some("{}") }), { verified: true, secret: null })
      const large = yield* verify("open", { body: Option.some("x".repeat(1_001)) })
      assert.deepInclude(large, { verified: false, reason: "body_too_large" })
    }))

  it.effect("is not for who has no key, nor for an integration that is not there", () =>
    Effect.gen(function*() {
      yield* Client.guarded(({ verification }) => verification.verify({ path: { id: "shop" }, payload: plain }))
      yield* Client.refused(verify("nobody-at-all", {}), "not_found")
    }))

  it.effect("is refused with the path of what makes no sense, and without what was sent", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      yield* Gateway.integration("senseless", nowhere)
      const marker = "MARKER7fQ2xZ"
      const wrong: ReadonlyArray<readonly [body: Record<string, unknown>, path: string]> = [
        [{ method: marker }, "method"],
        [{ url: marker }, "url"],
        [{ headers: { "x-a": 7 } }, "headers.x-a"],
        [{ headers: marker }, "headers"],
        [{ body: [marker] }, "body"],
        [{ bodyBase64: `${marker}!` }, "bodyBase64"],
        [{ body: marker, bodyBase64: "YQ==" }, "bodyBase64"],
        [{ receivedAt: marker }, "receivedAt"],
        [{ force: marker }, "force"]
      ]
      for (const [body, path] of wrong) {
        const answer = yield* call("/api/v1/integrations/senseless/verify", {
          body: JSON.stringify(body),
          headers: { authorization: `Bearer ${managementKey}`, "content-type": "application/json" }
        })
        assert.deepStrictEqual(Api.complaints(answer), [path], answer.text)
        assert.notInclude(answer.text, marker)
      }
    }))
})
