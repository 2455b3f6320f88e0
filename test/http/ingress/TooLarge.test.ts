import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { Agent, type ClientRequest, request } from "node:http"
import { eventually } from "../../support/Eventually.ts"
import * as Gateway from "../../support/Gateway.ts"
import * as Api from "../Api.ts"
import * as Wire from "../Wire.ts"

const nowhere = "http://127.0.0.1:9/hook"
const limit = 100_000

/** Sends as Node's own client does; the answer, whether or not the body was sent to its end. */
const post = (
  port: number,
  headers: Readonly<Record<string, string>>,
  send: (request: ClientRequest) => void,
  agent?: Agent
) =>
  Effect.async<{ readonly status: number; readonly text: string }, Error>((resume) => {
    const sent = request({ port, host: "127.0.0.1", path: "/api/v1/webhooks/large", method: "POST", headers, agent })
    sent.on("error", (error) => resume(Effect.fail(error))).on("response", (response) => {
      let text = ""
      response.on("data", (chunk) => {
        text += String(chunk)
      }).on("end", () => resume(Effect.succeed({ status: response.statusCode ?? 0, text })))
    })
    send(sent)
  })

const body = Buffer.alloc(20 * limit, "x")
const signed = { "x-signature": Api.signature(body) }

layer(Api.onTwins({ maxWebhookBytes: limit }), Api.live)("a body over the limit", (it) => {
  it.effect("is refused where one of exactly the limit is taken", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      yield* Gateway.integration("large", nowhere)
      const fits = yield* call("/api/v1/webhooks/large", Api.webhook("x".repeat(limit)))
      assert.strictEqual(fits.status, 202)
      const tooLarge = yield* call("/api/v1/webhooks/large", Api.webhook("x".repeat(limit + 1)))
      Api.failed(tooLarge, 413, "payload_too_large")
      assert.strictEqual((yield* Api.events("integration=large")).data.length, 1)
    }))

  it.scoped("is refused by its declared length, before any of it is sent", () =>
    Effect.gen(function*() {
      const target = "/api/v1/webhooks/large"
      const answer = yield* Wire.ask(Wire.request(target, [], "", limit + 1))
      Api.failed(answer, 413, "payload_too_large")
    }))

  it.effect("is refused to a client that sends all of it first, and the connection stays of use", () =>
    Effect.gen(function*() {
      const port = yield* Api.port
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      const declared = { ...signed, "content-length": String(body.byteLength) }
      Api.failed(yield* post(port, declared, (_) => _.end(body), agent), 413, "payload_too_large")
      const small = yield* post(port, { "x-signature": Api.signature("small") }, (_) => _.end("small"), agent)
      assert.strictEqual(small.status, 202)
      agent.destroy()
    }))

  it.effect("is refused in chunks too, which declare nothing", () =>
    Effect.gen(function*() {
      const port = yield* Api.port
      const chunked = (bytes: Uint8Array) =>
        post(port, { "x-signature": Api.signature(bytes), "transfer-encoding": "chunked" }, (_) => _.end(bytes))
      Api.failed(yield* chunked(body), 413, "payload_too_large")
      Api.failed(yield* chunked(body.subarray(0, limit + 1)), 413, "payload_too_large")
      assert.strictEqual((yield* chunked(body.subarray(0, limit - 1))).status, 202)
    }))

  it.effect("is refused to a client that waits for leave to send it", () =>
    Effect.gen(function*() {
      const expecting = { ...signed, expect: "100-continue", "content-length": String(body.byteLength) }
      const answer = yield* post(yield* Api.port, expecting, (sent) => {
        sent.on("continue", () => sent.end(body))
        sent.flushHeaders()
      })
      Api.failed(answer, 413, "payload_too_large")
    }))

  it.effect("is no reason to keep a small one waiting that asked for leave", () =>
    Effect.gen(function*() {
      const headers = { "x-signature": Api.signature("asked"), expect: "100-continue", "content-length": "5" }
      const answer = yield* post(yield* Api.port, headers, (sent) => {
        sent.on("continue", () => sent.end("asked"))
        sent.flushHeaders()
      })
      assert.strictEqual(answer.status, 202)
    }))

  it.scoped("is refused to a client that never stops sending", () =>
    Effect.gen(function*() {
      const wire = yield* Wire.open
      yield* wire.write("POST /api/v1/webhooks/large HTTP/1.1\r\nhost: gateway\r\ntransfer-encoding: chunked\r\n\r\n")
      const chunk = `${(65_536).toString(16)}\r\n${"x".repeat(65_536)}\r\n`
      yield* eventually(Effect.zipRight(wire.write(chunk), wire.answering), (_) => _)
      for (let more = 0; more < 20; more++) yield* wire.write(chunk)
      const [answer] = yield* wire.answers(1)
      Api.failed(answer ?? { status: 0, text: "" }, 413, "payload_too_large")
    }))

  it.effect("is stored nowhere, however it came", () =>
    Effect.gen(function*() {
      const { data } = yield* Api.events("integration=large")
      assert.deepStrictEqual(data.filter((_) => _.size > limit), [])
    }))
})
