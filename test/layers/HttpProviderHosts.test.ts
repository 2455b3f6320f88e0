// @effect-diagnostics strictEffectProvide:off
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Either, Fiber, TestClock } from "effect"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import * as HttpProviderHosts from "../../src/layers/HttpProviderHosts.ts"
import { ProviderHosts } from "../../src/services/ports/ProviderHosts.ts"

/** Asks a host of a provider that answers so. */
const ask = Effect.fnUntraced(function*(listener: RequestListener) {
  const server = yield* Effect.acquireRelease(
    Effect.sync(() => createServer(listener)),
    (server) => Effect.sync(() => server.close().closeAllConnections())
  )
  yield* Effect.async<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void)))
  const { port } = server.address() as AddressInfo
  return yield* Effect.flatMap(ProviderHosts, ({ get }) => get(`http://127.0.0.1:${port}/certificate`)).pipe(
    Effect.map((bytes) => Buffer.from(bytes).toString()),
    Effect.either,
    Effect.provide(HttpProviderHosts.layer)
  )
})

describe("a provider's host", () => {
  it.scopedLive("is read as it answers", () =>
    Effect.gen(function*() {
      const answer = yield* ask((_, response) => response.end("a certificate"))
      assert.deepStrictEqual(answer, Either.right("a certificate"))
    }))

  it.scopedLive("that answers with an error, a redirect or too much is not believed", () =>
    Effect.gen(function*() {
      const listeners: ReadonlyArray<RequestListener> = [
        (_, response) => response.writeHead(500).end("an error"),
        (_, response) => response.writeHead(302, { location: "/elsewhere" }).end(),
        (_, response) => response.end("x".repeat(65_537)),
        (request) => request.socket.destroy()
      ]
      for (const listener of listeners) assert.isTrue(Either.isLeft(yield* ask(listener)))
    }))

  it.scoped("that streams for ever is left after five seconds", () =>
    Effect.gen(function*() {
      const begun = yield* Deferred.make<void>()
      const asking = yield* Effect.fork(ask((_, response) => {
        response.write("a")
        Deferred.unsafeDone(begun, Effect.void)
      }))
      yield* Deferred.await(begun)
      yield* TestClock.adjust("5 seconds")
      assert.isTrue(Either.isLeft(yield* Fiber.join(asking)))
    }))
})
