import { assert, layer } from "@effect/vitest"
import { Effect, FastCheck, Option } from "effect"
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib"
import type { Outcome } from "../../../src/domain/Judgement.ts"
import { eventually } from "../../support/Eventually.ts"
import { client, http, post } from "./Calling.ts"

const answered = (status: number, body = "", retryAfter?: string): Outcome => ({
  _tag: "Answered",
  status,
  retryAfter: Option.fromNullable(retryAfter),
  body
})

/** What comes of a call that is answered so. */
const answer = (status: number, body: string | Uint8Array = "", headers: Record<string, string | Array<string>> = {}) =>
  Effect.flatMap(http((_, response) => response.writeHead(status, headers).end(body)), ({ url }) => post(url))

layer(client(), { excludeTestServices: true })("the answer of a callback", (it) => {
  it.scoped("is its status, and what it says", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* answer(200, "thänks"), answered(200, "thänks"))
      assert.deepStrictEqual(yield* answer(204), answered(204))
      assert.deepStrictEqual(yield* answer(500, "no"), answered(500, "no"))
      assert.deepStrictEqual(yield* answer(410, "gone"), answered(410, "gone"))
      assert.deepStrictEqual(yield* answer(599), answered(599))
    }))

  it.scoped("is not followed when it is a redirect", () =>
    Effect.gen(function*() {
      const elsewhere = yield* http((_, response) => response.writeHead(200).end())
      for (const status of [301, 302, 303, 307, 308]) {
        assert.deepStrictEqual(yield* answer(status, "", { location: elsewhere.url }), answered(status))
      }
      assert.strictEqual(elsewhere.connections.total, 0)
    }))

  it.scoped("comes with its Retry-After as it is written, the first of several", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* answer(429, "", { "retry-after": "120" }), answered(429, "", "120"))
      const date = "Wed, 21 Oct 2026 07:28:00 GMT"
      assert.deepStrictEqual(yield* answer(503, "", { "Retry-After": date }), answered(503, "", date))
      assert.deepStrictEqual(yield* answer(503, "", { "retry-after": ["7", "8"] }), answered(503, "", "7"))
    }))

  it.scoped("is the final one, after any interim ones", () =>
    Effect.gen(function*() {
      const { url } = yield* http((_, response) => {
        response.writeProcessing()
        response.writeEarlyHints({ link: "</style.css>; rel=preload" })
        response.writeHead(201).end("made")
      })
      assert.deepStrictEqual(yield* post(url), answered(201, "made"))
    }))

  it.scoped("counts although it came before the request was read", () =>
    Effect.gen(function*() {
      const { url } = yield* http((_, response) => response.writeHead(413).end("too large"))
      assert.deepStrictEqual(yield* post(url, { body: new Uint8Array(1024) }), answered(413, "too large"))
    }))

  it.scoped("is unpacked: gzip, deflate and brotli, however it is spelt", () =>
    Effect.gen(function*() {
      const text = "packed ünïcödé ".repeat(20)
      const packed: ReadonlyArray<readonly [string, Uint8Array]> = [
        ["gzip", gzipSync(text)],
        ["GZIP", gzipSync(text)],
        ["x-gzip", gzipSync(text)],
        ["deflate", deflateSync(text)],
        ["br", brotliCompressSync(text)],
        ["identity", Buffer.from(text)]
      ]
      for (const [encoding, body] of packed) {
        assert.deepStrictEqual(yield* answer(200, body, { "content-encoding": encoding }), answered(200, text))
      }
    }))

  it.scoped("counts by its status when it cannot be unpacked", () =>
    Effect.gen(function*() {
      for (const encoding of ["gzip", "deflate", "br"]) {
        const broken = yield* answer(500, "this is not packed at all", { "content-encoding": encoding })
        assert.deepStrictEqual(broken, answered(500), encoding)
        assert.deepStrictEqual(yield* answer(204, "", { "content-encoding": encoding }), answered(204), encoding)
        assert.deepStrictEqual(yield* answer(200, "", { "content-encoding": encoding }), answered(200), encoding)
      }
      const whole = gzipSync("x".repeat(100_000), { level: 0 })
      const cut = yield* answer(200, whole.subarray(0, 50_000), { "content-encoding": "gzip" })
      assert.deepStrictEqual(cut, answered(200, "x".repeat(4096)))
    }))

  it.scoped("is kept up to 4 KiB, also when it is a gzip bomb", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* answer(500, "x".repeat(4097)), answered(500, "x".repeat(4096)))
      const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024, " "))
      assert.deepStrictEqual(
        yield* answer(200, bomb, { "content-encoding": "gzip" }),
        answered(200, " ".repeat(4096))
      )
    }))

  it.scoped("is text that PostgreSQL can keep, whatever its bytes are", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* answer(200, "a\0b"), answered(200, "a\ufffdb"))
      assert.deepStrictEqual(yield* answer(200, Buffer.of(0x61, 0xff, 0xc3)), answered(200, "a\ufffd\ufffd"))
      const bodies = FastCheck.sample(FastCheck.uint8Array({ maxLength: 5_000 }), 30)
      const answers = yield* Effect.forEach(bodies, (body) => answer(200, body))
      assert.isTrue(answers.every((_) => _._tag === "Answered" && !_.body.includes("\0")))
    }))

  it.scoped("of 100 MB is not read to its end, and the next call is none the worse", () =>
    Effect.gen(function*() {
      let sent = 0
      const chunk = Buffer.alloc(64 * 1024, "x")
      const { connections, port, url } = yield* http((request, response) => {
        if (request.url === "/next") return void response.writeHead(204).end()
        response.writeHead(500)
        const pump = () => {
          while (sent < 100 * 1024 * 1024 && !response.destroyed) {
            sent += chunk.length
            if (!response.write(chunk)) return void response.once("drain", pump)
          }
          response.end()
        }
        pump()
      })
      assert.deepStrictEqual(yield* post(url), answered(500, "x".repeat(4096)))
      yield* eventually(Effect.sync(() => connections.open), (_) => _ === 0)
      // More than what the operating system has buffered on the way nobody took.
      assert.isBelow(sent, 50 * 1024 * 1024)
      assert.deepStrictEqual(yield* post(`http://127.0.0.1:${port}/next`), answered(204))
    }))

  it.scoped("that never ends counts by its status, once enough of it was read", () =>
    Effect.gen(function*() {
      const { connections, url } = yield* http((_, response) => {
        response.writeHead(200)
        const timer = setInterval(() => response.write("x".repeat(8_192)), 1)
        response.once("close", () => clearInterval(timer))
      })
      assert.deepStrictEqual(yield* post(url), answered(200, "x".repeat(4096)))
      yield* eventually(Effect.sync(() => connections.open), (_) => _ === 0)
    }))
})
