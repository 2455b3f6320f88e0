import { assert, layer } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as Api from "../http/Api.ts"
import * as Gateway from "../support/Gateway.ts"
import { managementKey } from "../support/ManagementKey.ts"
import { bytes, type Sent } from "./Connection.ts"
import { ground, live, prompt, readable, send, stored, unharmed } from "./Ground.ts"

const slug = "slow"
const key = `authorization: Bearer ${managementKey}`
const signed = `x-signature: ${Api.signature("{}")}`

const dripping = (first: ReadonlyArray<string>, drips: string): Sent => ({
  pieces: [bytes(first.join("\r\n"))],
  ends: false,
  drips: bytes(drips)
})

const webhook = `POST /api/v1/webhooks/${slug} HTTP/1.1`

/** Clients that keep a connection busy with next to nothing. */
const clients: Readonly<Record<string, Sent>> = {
  "nothing at all": { pieces: [], ends: false },
  "empty lines": dripping([], "\r\n"),
  "a method letter by letter": dripping([], "P"),
  "a target letter by letter": dripping(["GET /"], "a"),
  "a header letter by letter": dripping([webhook, "host: a", "x: "], "y"),
  "header after header": dripping([webhook, "host: a", signed, ""], "x: y\r\n"),
  "a body byte by byte": dripping([webhook, "host: a", signed, "content-length: 100000", "", ""], "{"),
  "a body chunk by chunk": dripping([webhook, "host: a", signed, "transfer-encoding: chunked", "", ""], "1\r\n{\r\n"),
  "a chunk's size digit by digit": dripping([webhook, "host: a", signed, "transfer-encoding: chunked", "", ""], "0"),
  "a chunk's extension letter by letter": dripping(
    [webhook, "host: a", signed, "transfer-encoding: chunked", "", "1;"],
    "a"
  ),
  "trailer after trailer": dripping(
    [webhook, "host: a", signed, "transfer-encoding: chunked", "", "2", "{}", "0", ""],
    "a: b\r\n"
  ),
  "leave asked for, and then byte by byte": dripping(
    [webhook, "host: a", "expect: 100-continue", "content-length: 100000", "", ""],
    "{"
  ),
  "a body that nobody reads, byte by byte": dripping(
    ["POST /nothing HTTP/1.1", "host: a", "content-length: 100000", "", ""],
    "{"
  ),
  "a management body byte by byte": dripping(
    ["POST /api/v1/integrations HTTP/1.1", "host: a", key, "content-length: 100000", "", ""],
    " "
  ),
  "a management body byte by byte, without the key": dripping(
    ["POST /api/v1/integrations HTTP/1.1", "host: a", "content-length: 100000", "", ""],
    " "
  ),
  "half of a request and an end": { pieces: [bytes(`${webhook}\r\nhost`)], ends: true },
  "half of a body and an end": {
    pieces: [bytes([webhook, "host: a", signed, "content-length: 4", "", "{}"].join("\r\n"))],
    ends: true
  }
}

const each = 8

layer(ground, live)("slow clients", (it) => {
  it.effect("have an integration to aim at", () => Gateway.integration(slug, "http://127.0.0.1:9/hook"))

  it.effect("are cut off, all of them, while others are answered at once", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const all = Object.values(clients).flatMap((sent) => Array.from({ length: each }, () => sent))
      const slow = yield* Effect.fork(send(all, all.length))
      yield* prompt("/health", call("/api/v1/health"))
      const exchanges = yield* Fiber.join(slow)
      assert.isEmpty(exchanges.flatMap(({ answers }) => answers).filter((_) => _.status < 400))
      assert.isEmpty(yield* stored(slug))
    }))

  it.effect("leave the gateway as it was", () => Effect.zipRight(unharmed, readable))
})
