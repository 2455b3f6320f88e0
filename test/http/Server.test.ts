// @effect-diagnostics strictEffectProvide:off
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as ServerTag from "@effect/platform/HttpServer"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Queue, Scope } from "effect"
import type { Server as HttpServer, ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import * as Server from "../../src/http/Server.ts"
import { Shortcut } from "../../src/http/Shortcut.ts"
import * as AtOnce from "../../src/services/AtOnce.ts"
import { eventually } from "../support/Eventually.ts"
import * as Api from "./Api.ts"
import * as Wire from "./Wire.ts"

const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`

const lost = Layer.succeed(Shortcut, {
  takes: ({ url }) => url === "/lost",
  receive: (_, resume) => {
    resume(AtOnce.later(Effect.dieMessage("nothing can be told")))
    return () => undefined
  }
})

/** A server with a path that answers at once and one that answers when it is told, and the end of both. */
const start = Effect.gen(function*() {
  const asked = yield* Deferred.make<void>()
  const answer = yield* Deferred.make<void>()
  const routes = Layer.mergeAll(
    HttpLayerRouter.add("GET", "/quick", HttpServerResponse.text("quick")),
    HttpLayerRouter.add(
      "GET",
      "/slow",
      Deferred.succeed(asked, undefined).pipe(
        Effect.zipRight(Deferred.await(answer)),
        Effect.as(HttpServerResponse.text("slow"))
      )
    )
  )
  const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
  const served = HttpLayerRouter.serve(routes, { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provideMerge(Server.layer({ host: "127.0.0.1", port: 0 }))
  )
  const { address } = Context.get(yield* Layer.buildWithScope(Layer.provide(served, lost), scope), ServerTag.HttpServer)
  const port = address._tag === "TcpAddress" ? address.port : 0
  return { asked, answer, port, close: Scope.close(scope, Exit.void), open: Wire.to(port) }
})

/** Whether nobody listens at the port any more. */
const refusesConnections = (port: number) =>
  Effect.promise(() => fetch(`http://127.0.0.1:${port}/quick`).then(() => false, () => true))

describe("a server that closes", () => {
  it.scopedLive("answers what is in flight, tells that it closes, and only then ends", () =>
    Effect.gen(function*() {
      const server = yield* start
      const wire = yield* server.open
      yield* wire.write(get("/slow"))
      yield* Deferred.await(server.asked)
      const closing = yield* Effect.fork(server.close)
      yield* eventually(refusesConnections(server.port), (_) => _)
      assert.strictEqual(yield* Fiber.poll(closing).pipe(Effect.map((_) => _._tag)), "None")
      yield* Deferred.succeed(server.answer, undefined)
      const [answer] = yield* wire.answers(1)
      assert.deepStrictEqual([answer?.status, answer?.text, answer?.headers.get("connection")], [200, "slow", "close"])
      yield* wire.closed
      yield* Fiber.join(closing)
    }))

  it.scopedLive("answers 503 to what comes after what is in flight on its connection", () =>
    Effect.gen(function*() {
      const server = yield* start
      const wire = yield* server.open
      yield* wire.write(get("/slow"))
      yield* Deferred.await(server.asked)
      const closing = yield* Effect.fork(server.close)
      yield* eventually(refusesConnections(server.port), (_) => _)
      yield* wire.write(get("/quick"))
      yield* Deferred.succeed(server.answer, undefined)
      // The connection may also be closed before the second is read: whoever sent it sends it again elsewhere.
      yield* wire.closed
      const answers = yield* wire.answers(1)
      assert.strictEqual(answers[0]?.text, "slow")
      for (const answer of answers.slice(1)) Api.failed(answer, 503, "unavailable")
      yield* Fiber.join(closing)
    }))

  it.scopedLive(
    "waits for no connection that is kept alive, nor for one that never asked anything",
    () =>
      Effect.gen(function*() {
        const server = yield* start
        const kept = yield* server.open
        yield* kept.write(get("/quick"))
        yield* kept.answers(1)
        const silent = yield* server.open
        const unfinished = yield* server.open
        yield* unfinished.write("GET /quick HTTP/1.1\r\nhost: a\r\nx-half")
        // One more exchange, so that what was written before has come in.
        yield* kept.write(get("/quick"))
        yield* kept.answers(2)
        yield* server.close
        yield* Effect.all([kept.closed, silent.closed, unfinished.closed])
      }),
    { timeout: 8_000 }
  )

  it.scopedLive("leaves no request without an answer or an end, whenever it comes", () =>
    Effect.gen(function*() {
      const server = yield* start
      const outcome = (path: string) =>
        Effect.promise(() =>
          fetch(`http://127.0.0.1:${server.port}${path}`).then((_) => _.status, () => "closed" as const)
        )
      const clients = yield* Effect.forkAll(
        Array.from({ length: 20 }, () => Effect.repeat(outcome("/quick"), { until: (_) => _ !== 200 })),
        { discard: false }
      )
      yield* Effect.yieldNow()
      yield* server.close
      const last = yield* Fiber.join(clients)
      assert.isEmpty(last.filter((_) => _ !== 503 && _ !== "closed"))
    }))

  it.scopedLive("ends the connection of a request that has no answer", () =>
    Effect.gen(function*() {
      const server = yield* start
      const wire = yield* server.open
      yield* wire.write(get("/lost"))
      yield* wire.closed
    }))

  it.scopedLive("ends at its deadline what was not answered by then", () =>
    Effect.gen(function*() {
      const asked = yield* Deferred.make<void>()
      const server = Server.make({ drain: 50 })
      server.on("request", () => Deferred.unsafeDone(asked, Effect.void))
      const wire = yield* Wire.to(yield* listen(server))
      yield* wire.write(get("/never"))
      yield* Deferred.await(asked)
      yield* closed(server)
      yield* wire.closed
    }))
})

const listen = (server: HttpServer) =>
  Effect.async<number>((resume) => {
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed((server.address() as AddressInfo).port)))
  })

const closed = (server: HttpServer) =>
  Effect.async<void>((resume) => {
    server.close(() => resume(Effect.void))
  })

/** A server with limits of its own; a port and what it was asked, whose answers are the test's. */
const limited = Effect.fnUntraced(function*(limits: Partial<Server.Limits>) {
  const asked = yield* Queue.unbounded<ServerResponse>()
  const server = yield* Effect.acquireRelease(Effect.sync(() => Server.make({ checking: 20, ...limits })), closed)
  const silent = yield* Deferred.make<void>()
  // From its request on: a test whose machine is slow would else be too late to ask anything.
  const { timeout } = server
  server.timeout = 0
  server.on("request", (_, response) => {
    response.socket?.setTimeout(timeout)
    response.once("timeout", () => Deferred.unsafeDone(silent, Exit.void))
    Queue.unsafeOffer(asked, response)
  })
  return { asked, silent, wire: yield* Wire.to(yield* listen(server)) }
})

describe("a server with a slow client", () => {
  it.scopedLive("does not wait for ever for its headers", () =>
    Effect.gen(function*() {
      const { wire } = yield* limited({ headers: 50 })
      yield* wire.write("GET /quick HTTP/1.1\r\nx-half")
      const [answer] = yield* wire.answers(1)
      Api.failed(answer ?? { status: 0, text: "" }, 408, "request_timeout")
      yield* wire.closed
    }))

  it.scopedLive("ends a connection without a first byte and without an answer, which a request just under way would get", () =>
    Effect.gen(function*() {
      const { wire } = yield* limited({ headers: 50 })
      yield* wire.closed
      assert.isFalse(yield* wire.answering)
    }))

  it.scopedLive("does not wait for ever for it to take its answer", () =>
    Effect.gen(function*() {
      const { asked, wire } = yield* limited({ answer: 50 })
      yield* wire.pause
      yield* wire.write(get("/large"))
      const response = yield* Queue.take(asked)
      // More than the connection's buffers hold.
      response.end(Buffer.alloc(64_000_000))
      yield* eventually(Effect.sync(() => response.destroyed), (_) => _)
    }))

  it.scopedLive("waits for its own answer, however late that is", () =>
    Effect.gen(function*() {
      const { asked, silent, wire } = yield* limited({ answer: 20 })
      yield* wire.write(get("/late"))
      const response = yield* Queue.take(asked)
      yield* Deferred.await(silent)
      response.end("late")
      const [answer] = yield* wire.answers(1)
      assert.strictEqual(answer?.text, "late")
    }))

  it.scopedLive("ends a connection on which nothing more is asked", () =>
    Effect.gen(function*() {
      const { asked, wire } = yield* limited({ keepAlive: 50 })
      yield* wire.write(get("/quick"))
      const response = yield* Queue.take(asked)
      response.end("quick")
      yield* wire.answers(1)
      yield* wire.closed
    }))
})

/** Answers, and waits until it is told that this has come to an end, one way or another. */
const ended = (response: ServerResponse) =>
  Effect.async<void>((resume) => {
    response.end("late", () => resume(Effect.void))
  })

describe("a server whose client goes away", () => {
  it.scopedLive("tells the end of every answer to whoever waits for it, also of those behind others", () =>
    Effect.gen(function*() {
      const { asked, wire } = yield* limited({})
      yield* wire.write(get("/first") + get("/second") + get("/third"))
      const [first, second, third] = yield* Queue.takeN(asked, 3)
      if (first === undefined || second === undefined || third === undefined) return assert.fail("not asked")
      const before = yield* Effect.fork(ended(second))
      yield* Effect.yieldNow()
      const unheard = yield* Effect.fork(Effect.forEach([second, third], (answer) =>
        Effect.async<void>((resume) => {
          answer.once("close", () => resume(Effect.void))
        }), { concurrency: "unbounded" }))
      yield* Effect.yieldNow()
      yield* wire.destroy
      yield* Fiber.join(before)
      yield* Fiber.join(unheard)
      yield* ended(first)
      yield* ended(third)
    }))
})

describe("a server", () => {
  it.scopedLive("goes on where a connection cannot be accepted", () =>
    Effect.gen(function*() {
      const server = yield* Effect.acquireRelease(Effect.sync(() => Server.make()), closed)
      const port = yield* listen(server)
      // So Node tells it, and throws where nobody listens.
      server.emit("error", Object.assign(new Error("accept EMFILE"), { code: "EMFILE" }))
      const wire = yield* Wire.to(port)
      yield* wire.write(get("/quick"))
      const [answer] = yield* wire.answers(1)
      assert.strictEqual(answer?.status, 503)
    }))

  it.scopedLive("answers 503 while nobody has come to handle requests", () =>
    Effect.gen(function*() {
      const server = yield* Effect.acquireRelease(Effect.sync(() => Server.make()), closed)
      const wire = yield* Wire.to(yield* listen(server))
      yield* wire.write(get("/quick"))
      const [answer] = yield* wire.answers(1)
      Api.failed(answer ?? { status: 0, text: "" }, 503, "unavailable")
      assert.strictEqual(answer?.headers.get("retry-after"), "1")
    }))
})
