import { assert, describe, layer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as CallbackAddress from "../../../src/domain/CallbackAddress.ts"
import { CallbackClient } from "../../../src/services/ports/CallbackClient.ts"
import { client, http, post } from "./Calling.ts"

const policy = (text: string) => ({ callbackPolicy: Schema.decodeSync(CallbackAddress.Policy)(text) })

const server = http((_, response) => response.writeHead(204).end())

/** What is wrong with a URL; empty when nothing is. */
const complaint = (url: string) =>
  Effect.flatMap(CallbackClient, ({ check }) => Effect.match(check(url), { onFailure: (_) => _, onSuccess: () => "" }))

describe("callbacks within the public internet", () => {
  layer(client(policy("false")), { excludeTestServices: true })((it) => {
    it.scoped("never reach this machine, whichever way its address is written", () =>
      Effect.gen(function*() {
        const { connections, port } = yield* server
        const hosts = [
          "127.0.0.1",
          "localhost",
          "[::1]",
          "2130706433",
          "0x7f.1",
          "[::ffff:127.0.0.1]",
          "0.0.0.0",
          "127.1"
        ]
        for (const host of hosts) {
          assert.propertyVal(yield* post(`http://${host}:${port}/`), "reason", "address_refused", host)
          assert.include(yield* complaint(`http://${host}:${port}/`), "CALLBACK_ALLOW_PRIVATE", host)
        }
        assert.strictEqual(connections.total, 0)
      }))

    it.scoped("say which address is refused and why, when called and when checked", () =>
      Effect.gen(function*() {
        const message = "10.1.2.3 is a private address, which CALLBACK_ALLOW_PRIVATE opens with true or a CIDR"
        assert.deepStrictEqual(yield* post("http://10.1.2.3/"), { _tag: "Failed", reason: "address_refused", message })
        assert.strictEqual(yield* complaint("http://10.1.2.3/"), message)
        assert.strictEqual(
          yield* complaint("https://169.254.169.254/latest/meta-data"),
          "169.254.169.254 is a link-local address, which only a CIDR in CALLBACK_ALLOW_PRIVATE opens"
        )
        const named = yield* post("http://localhost/")
        assert.match(
          named._tag === "Failed" ? named.message : "",
          /^(?:127\.0\.0\.1|::1) is a loopback address, which only a CIDR in CALLBACK_ALLOW_PRIVATE opens$/
        )
      }))

    it.scoped("are checked as URLs, in words for a person", () =>
      Effect.gen(function*() {
        assert.strictEqual(
          yield* complaint("app.example/hooks"),
          "is not a URL; expected one such as https://app.example/hooks"
        )
        assert.strictEqual(yield* complaint("ftp://93.184.216.34/"), "begins with neither https:// nor http://")
        assert.strictEqual(yield* complaint("file:///etc/passwd"), "begins with neither https:// nor http://")
        const credentials = "holds credentials; the signature proves the sender instead"
        assert.strictEqual(yield* complaint("https://user:password@93.184.216.34/"), credentials)
        assert.strictEqual(yield* complaint("https://user@93.184.216.34/"), credentials)
      }))

    it.scoped("may be public addresses, and names that nobody knows yet", () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* complaint("https://93.184.216.34/hook?x=1"), "")
        assert.strictEqual(yield* complaint("http://[2606:2800:220:1:248:1893:25c8:1946]:8080/"), "")
        assert.strictEqual(yield* complaint("https://nothing.invalid/"), "")
      }), 60_000)
  })
})

describe("callbacks within the whole private tier", () => {
  layer(client(policy("true")), { excludeTestServices: true })((it) => {
    it.scoped("may be private addresses, but not this machine", () =>
      Effect.gen(function*() {
        const { connections, url } = yield* server
        assert.strictEqual(yield* complaint("http://10.1.2.3/"), "")
        assert.propertyVal(yield* post(url), "reason", "address_refused")
        assert.strictEqual(connections.total, 0)
      }))
  })
})

describe("callbacks within ranges that are written out", () => {
  layer(client(policy("127.0.0.1/32")), { excludeTestServices: true })((it) => {
    it.scoped("reach just these, by address and by name", () =>
      Effect.gen(function*() {
        const { port, url } = yield* server
        assert.propertyVal(yield* post(url), "status", 204)
        assert.propertyVal(yield* post(`http://localhost:${port}/`), "status", 204)
        assert.strictEqual(yield* complaint(`http://localhost:${port}/`), "")
        assert.propertyVal(yield* post(`http://127.0.0.2:${port}/`), "reason", "address_refused")
        assert.propertyVal(yield* post("http://10.1.2.3/"), "reason", "address_refused")
      }))
  })
})
