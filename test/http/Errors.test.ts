import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Gateway from "../support/Gateway.ts"
import * as Api from "./Api.ts"
import * as Wire from "./Wire.ts"

/** What no HTTP server can make sense of, and the status that says so. */
const malformed: Readonly<Record<string, readonly [bytes: string | Uint8Array, status: number]>> = {
  "no HTTP at all": ["hello\r\n\r\n", 400],
  "NULs": ["\0\0\0\r\n\r\n", 400],
  "a TLS greeting": [Uint8Array.of(0x16, 3, 1, 0, 0xc8, 1, 0, 0), 400],
  "HTTP/2": ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
  "a header without a name": ["GET / HTTP/1.1\r\nhost: a\r\n: b\r\n\r\n", 400],
  "two lengths": ["POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", 400],
  "a length and chunks": [
    "POST /api/v1/webhooks/a HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    400
  ],
  "a length that is none": ["POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n", 400],
  "headers without end": [`GET / HTTP/1.1\r\nhost: a\r\nx: ${"y".repeat(100_000)}\r\n\r\n`, 431]
}

layer(Api.onTwins(), Api.live)("the gateway", (it) => {
  it.effect("answers what it does not know with 404 in the one error shape", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const paths = [
        "/",
        "/nothing",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v2/events",
        "/favicon.ico",
        "/docs/more",
        "/%ZZ"
      ]
      const answers = yield* Effect.forEach([
        ...paths,
        "/api/v1/webhooks",
        "/api/v1/webhooks/",
        "//",
        "/api/v1/%ED%A0%80"
      ], (path) => Effect.zip(call(path), call(path, { body: "{}" })))
      for (const answer of answers.flat()) Api.failed(answer, 404, "not_found")
    }))

  it.effect("answers methods that a path does not have with 404 in the same shape", () =>
    Effect.gen(function*() {
      const { call, manage } = yield* Gateway.Gateway
      yield* Gateway.integration("methods", "http://127.0.0.1:9/hook")
      for (const method of ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"]) {
        Api.failed(yield* call("/api/v1/webhooks/methods", { method }), 404, "not_found")
      }
      for (const path of ["/integrations", "/events", "/deliveries", "/queues", "/health"]) {
        Api.failed(yield* manage(path, undefined, "DELETE"), 404, "not_found")
        Api.failed(yield* manage(path, {}, "PUT"), 404, "not_found")
      }
    }))

  it.effect("gives each error an id of its own", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const answers = yield* Effect.forEach(["/a", "/b", "/a"], (path) => call(path))
      assert.strictEqual(new Set(answers.map((_) => Api.failed(_, 404, "not_found").requestId)).size, 3)
    }))

  it.effect("answers HEAD where it answers GET", () =>
    Effect.gen(function*() {
      const { call, manage } = yield* Gateway.Gateway
      const health = yield* call("/api/v1/health", { method: "HEAD" })
      assert.deepStrictEqual([health.status, health.text], [200, ""])
      assert.strictEqual((yield* manage("/events", undefined, "HEAD")).status, 200)
      assert.strictEqual((yield* call("/api/v1/events", { method: "HEAD" })).status, 401)
      assert.strictEqual((yield* call("/nothing", { method: "HEAD" })).status, 404)
    }))

  for (const [what, [bytes, status]] of Object.entries(malformed)) {
    it.scoped(`answers ${what} with ${status} and closes`, () =>
      Effect.gen(function*() {
        const wire = yield* Wire.open
        yield* wire.write(bytes)
        const [answer] = yield* wire.answers(1)
        Api.failed(answer ?? { status: 0, text: "" }, status, "validation_failed")
        yield* wire.closed
      }))
  }

  it.scoped("closes a connection that asks for a tunnel, or names no host", () =>
    Effect.gen(function*() {
      for (const request of ["CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"]) {
        const wire = yield* Wire.open
        yield* wire.write(request)
        yield* wire.closed
      }
    }))

  it.scoped("answers what is malformed on a connection that served well before", () =>
    Effect.gen(function*() {
      const wire = yield* Wire.open
      yield* wire.write("GET /api/v1/health/live HTTP/1.1\r\nhost: a\r\n\r\n")
      yield* wire.answers(1)
      yield* wire.write("nonsense\r\n\r\n")
      const [, answer] = yield* wire.answers(2)
      Api.failed(answer ?? { status: 0, text: "" }, 400, "validation_failed")
      yield* wire.closed
    }))

  it.scoped("answers a body whose chunks are broken with 400, and stores nothing", () =>
    Effect.gen(function*() {
      yield* Gateway.integration("broken", "http://127.0.0.1:9/hook")
      const answer = yield* Wire.ask([
        "POST /api/v1/webhooks/broken HTTP/1.1",
        "host: a",
        `x-signature: ${Api.signature("abc")}`,
        "transfer-encoding: chunked",
        "",
        "3",
        "abc",
        "ZZ",
        ""
      ].join("\r\n"))
      Api.failed(answer, 400, "validation_failed")
      assert.deepStrictEqual((yield* Api.events("integration=broken")).data, [])
    }))

  it.scoped("takes a webhook with an expectation that it does not know", () =>
    Effect.gen(function*() {
      yield* Gateway.integration("expecting", "http://127.0.0.1:9/hook")
      const headers = [`x-signature: ${Api.signature("{}")}`, "expect: the-unexpected"]
      const answer = yield* Wire.ask(Wire.request("/api/v1/webhooks/expecting", headers, "{}"))
      assert.strictEqual(answer.status, 202)
    }))

  it.effect("still works after all that", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      assert.strictEqual((yield* call("/api/v1/health")).status, 200)
    }))
})
