import { assert, layer } from "@effect/vitest"
import { Effect, FastCheck } from "effect"
import * as Api from "../http/Api.ts"
import * as Gateway from "../support/Gateway.ts"
import * as Connection from "./Connection.ts"
import * as Requests from "./generators/Requests.ts"
import { ground, live, runs, send, stored, unharmed } from "./Ground.ts"

const nowhere = "http://127.0.0.1:9/hook"
const slug = "raw"

const paths = [
  `/api/v1/webhooks/${slug}`,
  "/api/v1/integrations",
  "/api/v1/events",
  "/api/v1/health/live",
  "/api/v1/openapi.json",
  "/nothing"
]

const request = (line: string, headers: ReadonlyArray<string>, body = "") =>
  [line, "host: gateway", ...headers, "", body].join("\r\n")

const honest = [
  request(`POST /api/v1/webhooks/${slug} HTTP/1.1`, [`x-signature: ${Api.signature("{}")}`, "content-length: 2"], "{}"),
  request(
    `POST /api/v1/webhooks/${slug} HTTP/1.1`,
    [`x-signature: ${Api.signature("{}")}`, "transfer-encoding: chunked"],
    "1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
  ),
  request("GET /api/v1/integrations?limit=2 HTTP/1.1", ["authorization: Bearer x"]),
  request(
    "POST /api/v1/integrations HTTP/1.1",
    ["content-type: application/json", "content-length: 13"],
    "{\"slug\":\"no\"}"
  )
]

const post = (headers: ReadonlyArray<string>, body: string) =>
  request(`POST /api/v1/webhooks/${slug} HTTP/1.1`, headers, body)

/** What a server must not go under with, and must not carry out. */
const floods: Readonly<Record<string, string | Uint8Array>> = {
  "three thousand headers": request("GET /api/v1/events HTTP/1.1", [
    ...Array<string>(3_000).fill("a:b"),
    "connection: close"
  ]),
  "twenty thousand headers": request("GET /api/v1/events HTTP/1.1", Array<string>(20_000).fill("a:b")),
  "a header of five megabytes": request("GET /api/v1/events HTTP/1.1", [`x: ${"y".repeat(5_000_000)}`]),
  "a header name of a megabyte": request("GET /api/v1/events HTTP/1.1", [`${"y".repeat(1_000_000)}: x`]),
  "a target of a megabyte": request(`GET /${"y".repeat(1_000_000)} HTTP/1.1`, []),
  "a method of a megabyte": request(`${"Y".repeat(1_000_000)} / HTTP/1.1`, []),
  "a line without end": "y".repeat(2_000_000),
  "empty lines without end": `${"\r\n".repeat(100_000)}${request("GET /nothing HTTP/1.1", ["connection: close"])}`,
  "a folded header": request("GET /api/v1/events HTTP/1.1", ["authorization: Bearer", " folded", "connection: close"]),
  "chunk extensions without end": post(["transfer-encoding: chunked"], `1;${"a=b;".repeat(100_000)}`),
  "trailers without end": post(["transfer-encoding: chunked"], `0\r\n${"a: b\r\n".repeat(100_000)}`),
  "a hundred thousand empty-handed chunks": post(
    ["transfer-encoding: chunked", "connection: close"],
    `${"1\r\na\r\n".repeat(100_000)}0\r\n\r\n`
  ),
  "a greeting of TLS": Buffer.from(`16030100c8010000c40303${"ab".repeat(192)}`, "hex"),
  "a greeting of SSH": "SSH-2.0-client\r\n",
  "a greeting of SOCKS": Uint8Array.of(5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, 0, 80),
  "a greeting of PostgreSQL": Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47),
  "a command of Redis": "*1\r\n$8\r\nFLUSHALL\r\n",
  "the preface of HTTP/2 and a frame": `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0`,
  "an upgrade to HTTP/2": request("GET /api/v1/events HTTP/1.1", [
    "connection: upgrade, http2-settings, close",
    "upgrade: h2c",
    "http2-settings: AAMAAABkAAQAAP__"
  ]),
  "an upgrade to a web socket": request("GET /api/v1/events HTTP/1.1", [
    "connection: upgrade, close",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="
  ]),
  "leave that is asked for a body which never comes": post(["expect: 100-continue", "content-length: 10"], ""),
  "a tunnel": "CONNECT gateway:80 HTTP/1.1\r\nhost: gateway:80\r\n\r\nGET /api/v1/events HTTP/1.1\r\n\r\n"
}

layer(ground, live)("hostile HTTP", (it) => {
  it.effect("has an integration to aim at", () => Gateway.integration(slug, nowhere))

  it.effect.prop(
    "gets a clean answer or none, and an end",
    [FastCheck.array(Requests.hostile(paths, honest), { minLength: 60, maxLength: 60 })],
    ([all]) => Effect.asVoid(send(all)),
    runs(8)
  )

  it.effect("floods nobody, and carries out nothing", () =>
    Effect.gen(function*() {
      const exchanges = yield* send(Object.values(floods).map(Connection.whole))
      const statuses = exchanges.flatMap(({ answers }) => answers.map((_) => _.status))
      assert.isEmpty(statuses.filter((_) => _ < 400))
    }))

  it.effect("stores nothing but what was signed", () =>
    Effect.gen(function*() {
      for (const { body } of yield* stored(slug)) assert.strictEqual(body.toString(), "{}")
    }))

  it.effect("leaves the gateway as it was", () => unharmed)
})
