import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { createHmac, generateKeyPairSync, sign } from "node:crypto"
import { eventually } from "../../support/Eventually.ts"
import * as Gateway from "../../support/Gateway.ts"
import * as Api from "../Api.ts"

const secret = "the secret of the tests"

const hmac = (content: string, encoding: "hex" | "base64" = "hex") =>
  createHmac("sha256", secret).update(content).digest(encoding)

const create = Effect.fnUntraced(function*(provider: string, fields: Record<string, unknown> = {}) {
  const { manage } = yield* Gateway.Gateway
  const slug = `shaken-${provider}`
  const { json, status } = yield* manage("/integrations", { slug, name: slug, provider, secrets: [secret], ...fields })
  assert.strictEqual(status, 201, JSON.stringify(json))
  return `/api/v1/webhooks/${slug}`
})

const seconds = Effect.map(
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql<{ now: string }>`SELECT floor(extract(epoch FROM now()))::text AS now`
  ),
  ([row]) => row?.now ?? ""
)

/** Nothing of a handshake is stored but the audit entry. */
const stored = Effect.fnUntraced(function*(provider: string) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ events: number; audited: number; rejected: number }>`
    SELECT (SELECT count(*) FROM events WHERE integration_id = i.id)::int AS events,
      (SELECT count(*) FROM audit_entries
        WHERE subject_id = i.id AND action = 'integration.handshake' AND actor = 'provider')::int AS audited,
      (SELECT count(*) FROM rejections WHERE integration_id = i.id)::int AS rejected
    FROM integrations i WHERE slug = ${`shaken-${provider}`}`
  return row
})

layer(Api.onTwins(), Api.live)("a handshake", (it) => {
  it.effect("of Slack is answered with its challenge, once it is signed", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const path = yield* create("slack")
      const at = yield* seconds
      const body =
        "{\"type\":\"url_verification\",\"challenge\":\"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P\"}"
      const headers = { "x-slack-request-timestamp": at, "x-slack-signature": `v0=${hmac(`v0:${at}:${body}`)}` }
      const answer = yield* call(path, { body, headers })
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(answer.text, "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P")
      assert.deepStrictEqual(yield* stored("slack"), { events: 0, audited: 1, rejected: 0 })

      const forged = yield* call(path, { body, headers: { ...headers, "x-slack-signature": `v0=${"0".repeat(64)}` } })
      Api.failed(forged, 401, "signature_invalid")
      yield* eventually(stored("slack"), (_) => _?.rejected === 1)
    }))

  it.effect("of Zoom is answered with its token and the token's signature", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const path = yield* create("zoom")
      const at = yield* seconds
      const body = "{\"event\":\"endpoint.url_validation\",\"payload\":{\"plainToken\":\"qgg8vlvZRS6UYooatFL8Aw\"}}"
      const headers = { "x-zm-request-timestamp": at, "x-zm-signature": `v0=${hmac(`v0:${at}:${body}`)}` }
      const answer = yield* call(path, { body, headers })
      assert.strictEqual(answer.status, 200)
      assert.deepStrictEqual(answer.json, {
        plainToken: "qgg8vlvZRS6UYooatFL8Aw",
        encryptedToken: hmac("qgg8vlvZRS6UYooatFL8Aw")
      })
      assert.deepStrictEqual(yield* stored("zoom"), { events: 0, audited: 1, rejected: 0 })
    }))

  it.effect("of Meta is answered with its challenge to whoever has the verify token", () =>
    Effect.gen(function*() {
      const { call, manage } = yield* Gateway.Gateway
      const path = yield* create("meta", { verifyToken: "chosen by the user" })
      const query = (token: string) =>
        `?${new URLSearchParams({ "hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "1158201444" })}`
      const answer = yield* call(path + query("chosen by the user"))
      assert.deepStrictEqual([answer.status, answer.text], [200, "1158201444"])
      Api.failed(yield* call(path + query("another")), 401, "signature_invalid")
      Api.failed(yield* call(path), 404, "not_found")

      const view = yield* manage("/integrations/shaken-meta")
      assert.notInclude(view.text, "chosen by the user")
      assert.deepInclude(view.json, { hasVerifyToken: true })
      yield* manage("/integrations/shaken-meta", { verifyToken: "another" }, "PATCH")
      assert.strictEqual((yield* call(path + query("another"))).status, 200)
      yield* manage("/integrations/shaken-meta", { verifyToken: null }, "PATCH")
      const { message } = Api.failed(yield* call(path + query("another")), 401, "signature_invalid")
      assert.include(message, "set it")
    }))

  it.effect("of X is answered with the signature of its token, which cannot be used to have a webhook signed", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const path = yield* create("x")
      const answer = yield* call(`${path}?crc_token=9b4507b3-9040-4669-9ca3-6b94edb50553`)
      assert.strictEqual(answer.status, 200)
      assert.deepStrictEqual(answer.json, {
        response_token: `sha256=${hmac("9b4507b3-9040-4669-9ca3-6b94edb50553", "base64")}`
      })
      const webhook = encodeURIComponent("{\"for_user_id\":\"1\"}")
      Api.failed(yield* call(`${path}?crc_token=${webhook}`), 401, "signature_invalid")
      Api.failed(yield* call(`${path}?crc_token=one&crc_token=other`), 401, "signature_invalid")
      const signed = { "x-twitter-webhooks-signature": `sha256=${hmac("true", "base64")}` }
      Api.failed(yield* call(path, { body: "true", headers: signed }), 401, "signature_invalid")
    }))

  it.effect("of Okta is answered with its challenge", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const path = yield* create("okta")
      const answer = yield* call(path, { headers: { "x-okta-verification-challenge": "cOtIoC0n" } })
      assert.strictEqual(answer.status, 200)
      assert.deepStrictEqual(answer.json, { verification: "cOtIoC0n" })
    }))

  it.effect("of Discord is answered when its signature is right, and 401 when it is not", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const { privateKey, publicKey } = generateKeyPairSync("ed25519")
      const key = publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("hex")
      const path = yield* create("discord", { secrets: [key] })
      const at = yield* seconds
      const ping = (body: string, signed = body) =>
        call(path, {
          body,
          headers: {
            "x-signature-ed25519": sign(null, Buffer.from(at + signed), privateKey).toString("hex"),
            "x-signature-timestamp": at
          }
        })
      const interaction = yield* ping("{\"id\":\"1\",\"type\":1}")
      assert.deepStrictEqual([interaction.status, interaction.json], [200, { type: 1 }])
      const webhook = yield* ping("{\"version\":1,\"application_id\":\"1\",\"type\":0}")
      assert.deepStrictEqual([webhook.status, webhook.text], [204, ""])
      Api.failed(yield* ping("{\"id\":\"1\",\"type\":1}", "something else"), 401, "signature_invalid")
      const event = yield* ping("{\"type\":1,\"event\":{\"type\":\"APPLICATION_AUTHORIZED\"}}")
      assert.deepStrictEqual([event.status, event.text], [204, ""])
      assert.strictEqual((yield* stored("discord"))?.events, 1)
    }))

  it.effect("of Microsoft Graph is answered with its token as text, whatever it holds", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const path = yield* create("microsoft-graph")
      const answer = yield* call(`${path}?validationToken=${encodeURIComponent("<b>Validation: 1</b>")}`, {
        method: "POST"
      })
      assert.deepStrictEqual([answer.status, answer.text], [200, "<b>Validation: 1</b>"])
      assert.strictEqual(answer.headers.get("content-type"), "text/plain; charset=utf-8")
      assert.strictEqual(answer.headers.get("x-content-type-options"), "nosniff")
    }))

  it.effect("that nothing proves is audited once a minute, however often it comes", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const path = yield* create("okta", { slug: "shaken-often" })
      const ask = call(path.replace("shaken-okta", "shaken-often"), {
        headers: { "x-okta-verification-challenge": "a" }
      })
      yield* Effect.replicateEffect(ask, 5)
      assert.strictEqual((yield* stored("often"))?.audited, 1)
    }))

  it.effect("is a ping, too, of those that send one", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const path = yield* create("github")
      const body = "{\"zen\":\"Keep it logically awesome.\"}"
      const headers = { "x-github-event": "ping", "x-hub-signature-256": `sha256=${hmac(body)}` }
      const answer = yield* call(path, { body, headers })
      assert.deepStrictEqual([answer.status, answer.text], [200, ""])
      assert.deepStrictEqual(yield* stored("github"), { events: 0, audited: 1, rejected: 0 })
      const shop = yield* create("woocommerce")
      const registration = { body: "webhook_id=1", headers: { "content-type": "application/x-www-form-urlencoded" } }
      assert.strictEqual((yield* call(shop, registration)).status, 200)
      const talk = yield* create("intercom")
      assert.strictEqual((yield* call(talk, { method: "HEAD" })).status, 200)
      assert.strictEqual((yield* call(talk)).status, 404)
    }))
})
