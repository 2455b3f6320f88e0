// @effect-diagnostics strictEffectProvide:off
import { assert, describe, it, layer } from "@effect/vitest"
import { Clock, Duration, Effect } from "effect"
import { Worker } from "node:worker_threads"
import { eventually } from "../../support/Eventually.ts"
import * as Port from "../../support/servers/Port.ts"
import { client, type Handler, http, post, selfSigned, tcp } from "./Calling.ts"

/** The reason for which a call fails. */
const reason = (url: string) =>
  Effect.map(post(url), (outcome) => outcome._tag === "Failed" ? outcome.reason : `HTTP ${outcome.status}`)

layer(client(), { excludeTestServices: true })("a callback that cannot be called fails typed", (it) => {
  it.scoped("when nobody listens there", () =>
    Effect.gen(function*() {
      const port = yield* Port.free
      assert.deepStrictEqual(yield* post(`http://127.0.0.1:${port}/`), {
        _tag: "Failed",
        reason: "connection",
        message: `connect ECONNREFUSED 127.0.0.1:${port}`
      })
    }))

  it.scoped("when its name is unknown", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* reason("https://nothing.invalid/hook"), "dns")
    }), 70_000)

  it.scoped("when its certificate is not trusted", () =>
    Effect.gen(function*() {
      const { url } = yield* selfSigned
      assert.strictEqual(yield* reason(url), "tls")
      assert.strictEqual(yield* reason(url.replace("127.0.0.1", "localhost")), "tls")
    }))

  it.scoped("when one side speaks TLS and the other does not", () =>
    Effect.gen(function*() {
      const { url } = yield* http((_, response) => response.end())
      assert.strictEqual(yield* reason(url.replace("http:", "https:")), "tls")
      const secure = yield* selfSigned
      assert.strictEqual(yield* reason(secure.url.replace("https:", "http:")), "connection")
    }))

  it.scoped("when it answers something else than HTTP", () =>
    Effect.gen(function*() {
      for (
        const garbage of ["hello\r\n\r\n", "\0\0\0", "HTTP/9.9 banana\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"]
      ) {
        const { url } = yield* tcp((socket) => socket.end(garbage))
        assert.strictEqual(yield* reason(url), "connection", garbage)
      }
    }))

  it.scoped("when its headers never end", () =>
    Effect.gen(function*() {
      const { connections, url } = yield* tcp((socket) => {
        socket.write("HTTP/1.1 200 OK\r\n")
        const timer = setInterval(() => socket.write(`x-more: ${"x".repeat(4_096)}\r\n`), 1)
        socket.once("close", () => clearInterval(timer))
      })
      assert.strictEqual(yield* reason(url), "connection")
      yield* eventually(Effect.sync(() => connections.open), (_) => _ === 0)
    }))

  it.scoped("when it hangs up or resets instead of answering", () =>
    Effect.gen(function*() {
      const polite = yield* tcp((socket) => socket.end())
      assert.strictEqual(yield* reason(polite.url), "connection")
      const rude = yield* tcp((socket) => socket.resetAndDestroy())
      assert.strictEqual(yield* reason(rude.url), "connection")
    }))

  it.scoped("when it hangs up or resets in the middle of its answer", () =>
    Effect.gen(function*() {
      const beginning = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nthe first bytes"
      const polite = yield* tcp((socket) => socket.end(beginning))
      assert.strictEqual(yield* reason(polite.url), "connection")
      const rude = yield* tcp((socket) => socket.write(beginning, () => socket.resetAndDestroy()))
      assert.strictEqual(yield* reason(rude.url), "connection")
      const packed = beginning.replace("content-length", "content-encoding: gzip\r\ncontent-length")
      const unpacked = yield* tcp((socket) => socket.write(packed, () => socket.resetAndDestroy()))
      assert.oneOf(yield* reason(unpacked.url), ["connection", "HTTP 200"])
    }))

  it.scoped("when its URL is none", () =>
    Effect.gen(function*() {
      for (const url of ["", "not a URL", "/path", "ftp://127.0.0.1/"]) {
        assert.strictEqual(yield* reason(url), "connection", url)
      }
    }))
})

describe("the time limit of a call", () => {
  const limit = Duration.millis(300)

  const timesOut = (handler: Handler) =>
    Effect.gen(function*() {
      const { connections, url } = yield* http(handler)
      const startedAt = yield* Clock.currentTimeMillis
      assert.deepStrictEqual(yield* post(url), {
        _tag: "Failed",
        reason: "timeout",
        message: "no complete answer within the delivery timeout"
      })
      assert.isAtLeast((yield* Clock.currentTimeMillis) - startedAt, Duration.toMillis(limit) - 1)
      yield* eventually(Effect.sync(() => connections.open), (_) => _ === 0)
    }).pipe(Effect.provide(client({ deliveryTimeout: limit })))

  it.scopedLive("holds for a callback that never answers, whose connection is then closed", () =>
    timesOut(() => undefined))

  it.scopedLive("holds for one that sends a status and nothing more", () =>
    timesOut((_, response) => response.writeHead(200, { "content-length": "10" }).flushHeaders()))

  it.scopedLive("holds for one that trickles for ever", () =>
    timesOut((_, response) => {
      response.writeHead(200)
      const timer = setInterval(() => response.write("."), 10)
      response.once("close", () => clearInterval(timer))
    }))

  it.scopedLive("counts the whole of it: no part of the answer takes as long, and together they do", () =>
    timesOut((_, response) => {
      setTimeout(() => response.writeHead(200).flushHeaders(), 200)
      setTimeout(() => response.end("late"), 400)
    }))

  it.scopedLive("holds for one that takes the connection and reads nothing", () =>
    Effect.gen(function*() {
      const { url } = yield* tcp((socket) => socket.pause())
      const outcome = yield* post(url, { body: new Uint8Array(20 * 1024 * 1024) })
      assert.propertyVal(outcome, "reason", "timeout")
    }).pipe(Effect.provide(client({ deliveryTimeout: limit }))))

  it.scopedLive("leaves a slow answer alone that comes in time", () =>
    Effect.gen(function*() {
      const { url } = yield* http((_, response) => {
        setTimeout(() => response.writeHead(200).flushHeaders(), 200)
        setTimeout(() => response.end("late"), 400)
      })
      assert.propertyVal(yield* post(url), "body", "late")
    }).pipe(Effect.provide(client())))
})

/** A callback in a thread of its own, which answers a while after it has set a flag. */
const inThread = Effect.gen(function*() {
  const asked = new Int32Array(new SharedArrayBuffer(4))
  const worker = yield* Effect.acquireRelease(
    Effect.sync(() => new Worker(answering, { eval: true, workerData: asked })),
    (worker) => Effect.promise(() => worker.terminate())
  )
  const port = yield* Effect.async<number>((resume) => {
    worker.once("message", (port: number) => resume(Effect.succeed(port)))
  })
  return { url: `http://127.0.0.1:${port}/hook`, isAsked: Effect.sync(() => Atomics.load(asked, 0) === 1) }
})

const answering = `
  const { parentPort, workerData } = require("node:worker_threads")
  const server = require("node:http").createServer((_, response) => {
    Atomics.store(workerData, 0, 1)
    setTimeout(() => response.end("in time"), 100)
  })
  server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port))
`

/** Right before the timers, as a process finds itself that was stopped while it waited. */
const hold = (millis: number) =>
  Effect.async<void>((resume) => {
    setImmediate(() => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis)
      resume(Effect.void)
    })
  })

describe("a process that is held up beyond the time limit", () => {
  it.scopedLive("still hears the answer that came in time", () =>
    Effect.gen(function*() {
      const { isAsked, url } = yield* inThread
      const posting = yield* Effect.fork(post(url))
      yield* eventually(isAsked, (_) => _)
      yield* hold(1_000)
      assert.propertyVal(yield* posting, "body", "in time")
    }).pipe(Effect.provide(client({ deliveryTimeout: Duration.millis(600) }))))
})

describe("the client of callbacks", () => {
  it.scopedLive("closes its connections when it ends", () =>
    Effect.gen(function*() {
      const { connections, url } = yield* http((_, response) => response.writeHead(204).end())
      yield* Effect.gen(function*() {
        yield* post(url)
        assert.strictEqual(connections.open, 1)
      }).pipe(Effect.provide(client()))
      yield* eventually(Effect.sync(() => connections.open), (_) => _ === 0)
    }))
})
