import { assert, describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { connect, createServer, type Socket } from "node:net"
import { eventually } from "./Eventually.ts"
import * as Proxy from "./Proxy.ts"
import * as Port from "./servers/Port.ts"

/** A server that says everything back, and who is connected to it. */
const echo: Effect.Effect<{ readonly port: number; readonly sockets: ReadonlySet<Socket> }, never, Scope.Scope> = Effect
  .gen(function*() {
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket.on("error", () => undefined).on("data", (chunk) => socket.write(chunk)))
      socket.once("close", () => sockets.delete(socket))
    })
    const port = yield* Effect.orDie(Port.free)
    yield* Effect.acquireRelease(
      Effect.async<void>((resume) => void server.listen(port, Port.loopback, () => resume(Effect.void))),
      () =>
        Effect.async<void>((resume) => {
          for (const socket of sockets) socket.destroy()
          server.close(() => resume(Effect.void))
        })
    )
    return { port, sockets }
  })

const proxied = Effect.flatMap(echo, (server) => Effect.map(Proxy.make(server.port), (proxy) => ({ proxy, server })))

/** Who is connected, what it was told, and how that ended. */
const client = (port: number) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => connect(port, Port.loopback)),
      (socket) => Effect.sync(() => socket.destroy())
    ),
    (socket) => {
      const seen = { told: "", ended: "" }
      socket.on("data", (chunk: Buffer) => {
        seen.told += chunk.toString()
      })
      socket.on("error", (error) => {
        seen.ended = "code" in error ? String(error.code) : error.message
      })
      return {
        socket,
        say: (text: string) => Effect.sync(() => socket.write(text)),
        hears: (text: string) => eventually(Effect.sync(() => seen.told), (_) => _ === text),
        endsWith: (how: string) => eventually(Effect.sync(() => seen.ended), (_) => _ === how),
        seen
      }
    }
  )

describe("a proxy", () => {
  it.scopedLive("resets a connection in the midst of an answer", () =>
    Effect.gen(function*() {
      const { proxy } = yield* proxied
      const { endsWith, hears, say, seen } = yield* client(proxy.port)
      yield* proxy.breakAfter(10)
      yield* say("12345")
      yield* hears("12345")
      yield* say("67890abcde")
      yield* endsWith("ECONNRESET")
      assert.strictEqual(seen.told, "1234567890")
    }))

  it.scopedLive("lets through what was held or lost once it heals", () =>
    Effect.gen(function*() {
      const { proxy } = yield* proxied
      const early = yield* client(proxy.port)
      yield* early.say("a")
      yield* early.hears("a")
      yield* Effect.zipRight(proxy.hold, proxy.lose)
      yield* early.say("b")
      const late = yield* client(proxy.port)
      yield* late.say("c")
      yield* Effect.sleep("50 millis")
      assert.deepStrictEqual([early.seen.told, late.seen.told], ["a", ""])
      yield* proxy.heal
      yield* Effect.all([early.hears("ab"), late.hears("c")])
    }))

  it.scopedLive("never lets through what was held or lost when it is released, and tells nobody", () =>
    Effect.gen(function*() {
      const { proxy, server } = yield* proxied
      const early = yield* client(proxy.port)
      yield* early.say("a")
      yield* early.hears("a")
      yield* Effect.zipRight(proxy.hold, proxy.lose)
      const late = yield* client(proxy.port)
      yield* Effect.all([early.say("b"), late.say("c")])
      yield* Effect.sleep("50 millis")
      yield* proxy.release
      const after = yield* client(proxy.port)
      yield* after.say("d")
      yield* after.hears("d")
      yield* proxy.heal
      yield* Effect.sleep("50 millis")
      assert.deepStrictEqual([early.seen, late.seen], [{ told: "a", ended: "" }, { told: "", ended: "" }])
      assert.strictEqual(server.sockets.size, 2)
      early.socket.destroy()
      yield* eventually(Effect.sync(() => server.sockets.size), (_) => _ === 1)
    }))

  it.scopedLive("is not there while it is closed, and is there again on the same port", () =>
    Effect.gen(function*() {
      const { proxy } = yield* proxied
      const before = yield* client(proxy.port)
      yield* before.say("a")
      yield* before.hears("a")
      yield* proxy.close
      yield* before.endsWith("ECONNRESET")
      yield* (yield* client(proxy.port)).endsWith("ECONNREFUSED")
      yield* proxy.release
      const after = yield* client(proxy.port)
      yield* after.say("b")
      yield* after.hears("b")
    }))
})
