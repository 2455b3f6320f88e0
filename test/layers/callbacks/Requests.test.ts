import { assert, layer } from "@effect/vitest"
import { Array, Effect, FastCheck, Fiber } from "effect"
import type { IncomingMessage } from "node:http"
import { eventually } from "../../support/Eventually.ts"
import { client, http, post } from "./Calling.ts"

interface Seen {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly rawHeaders: ReadonlyArray<string>
  readonly body: Buffer
}

/** A server that keeps what it gets, and answers as told. */
const keeping = (status = 204, answer = "") =>
  Effect.gen(function*() {
    const seen: Array<Seen> = []
    const server = yield* http((request: IncomingMessage, response) => {
      const chunks: Array<Buffer> = []
      request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => {
        const { method, rawHeaders, url } = request
        seen.push({ method, url, rawHeaders, body: Buffer.concat(chunks) })
        response.writeHead(status).end(answer)
      })
    })
    return { ...server, seen }
  })

/** The values of a header, in order. */
const values = (seen: Seen | undefined, name: string) =>
  Array.chunksOf(seen?.rawHeaders ?? [], 2).flatMap(([key = "", value = ""]) =>
    key.toLowerCase() === name ? [value] : []
  )

layer(client(), { excludeTestServices: true })("a call of a callback", (it) => {
  it.scoped("is a POST to the very URL, with its query", () =>
    Effect.gen(function*() {
      const { port, seen } = yield* keeping()
      yield* post(`http://127.0.0.1:${port}/a%20b/c?x=1&y=%C3%BC&x=2#fragment`)
      assert.deepStrictEqual(seen.map(({ method, url }) => [method, url]), [["POST", "/a%20b/c?x=1&y=%C3%BC&x=2"]])
      assert.deepStrictEqual(values(seen[0], "host"), [`127.0.0.1:${port}`])
    }))

  it.scoped("carries the body byte for byte: every byte there is, none at all, and many", () =>
    Effect.gen(function*() {
      const { seen, url } = yield* keeping()
      const bodies = [
        Uint8Array.from({ length: 256 }, (_, index) => index),
        new Uint8Array(0),
        new Uint8Array(5 * 1024 * 1024).fill(0xff)
      ]
      for (const body of bodies) yield* post(url, { body })
      assert.deepStrictEqual(seen.map((_) => _.body.equals(bodies[seen.indexOf(_)] ?? Buffer.of(1))), [
        true,
        true,
        true
      ])
      assert.deepStrictEqual(seen.flatMap((_) => values(_, "content-length")), ["256", "0", "5242880"])
    }))

  it.scoped("carries any body, also one that is a part of a larger buffer", () =>
    Effect.gen(function*() {
      const { seen, url } = yield* keeping()
      const bodies = FastCheck.sample(FastCheck.uint8Array({ maxLength: 300 }), 50)
      for (const body of bodies) {
        const larger = Buffer.concat([Buffer.from("before"), body, Buffer.from("after")])
        yield* post(url, { body: larger.subarray(6, 6 + body.length) })
      }
      assert.deepStrictEqual(seen.map((_) => _.body.toString("hex")), bodies.map((_) => Buffer.from(_).toString("hex")))
    }))

  it.scoped("carries headers as they are given: twice the same, their order, and bytes beyond ASCII", () =>
    Effect.gen(function*() {
      const { seen, url } = yield* keeping()
      yield* post(url, {
        headers: ["content-type", "text/plain", "x-twice", "one", "X-Twice", "two", "x-latin", "\u00fc", "x-empty", ""]
      })
      assert.deepStrictEqual(values(seen[0], "x-twice"), ["one", "two"])
      assert.deepStrictEqual(values(seen[0], "x-latin"), ["\u00fc"])
      assert.deepStrictEqual(values(seen[0], "x-empty"), [""])
      assert.deepStrictEqual(values(seen[0], "content-type"), ["text/plain"])
    }))

  it.scoped("adds no header that would tell on the gateway's insides", () =>
    Effect.gen(function*() {
      const { seen, url } = yield* keeping()
      yield* post(url, { headers: ["x-own", "1"] })
      const names = Array.chunksOf(seen[0]?.rawHeaders ?? [], 2).map(([name = ""]) => name.toLowerCase())
      assert.deepStrictEqual(names.toSorted(), ["connection", "content-length", "host", "x-own"])
    }))

  it.scoped("reuses the connections of those before, whatever they were answered", () =>
    Effect.gen(function*() {
      for (const [status, answer] of [[204, ""], [200, "fine"], [500, "x".repeat(10_000)]] as const) {
        const { connections, seen, url } = yield* keeping(status, answer)
        yield* Effect.replicateEffect(post(url), 20)
        assert.strictEqual(seen.length, 20)
        // The pool may open a second one before it sees that the first is free again.
        assert.isAtMost(connections.total, 2)
      }
    }))

  it.scoped("does not wait for another one to the same server that hangs", () =>
    Effect.gen(function*() {
      const { connections, port, url } = yield* http(({ url }, response) => {
        if (url === "/quick") response.writeHead(204).end()
      })
      const hanging = yield* Effect.forkAll(Array.makeBy(30, () => post(url)))
      yield* eventually(Effect.sync(() => connections.open), (_) => _ === 30)
      assert.propertyVal(yield* post(`http://127.0.0.1:${port}/quick`), "status", 204)
      yield* Fiber.interrupt(hanging)
      // Who is interrupted hangs up.
      yield* eventually(Effect.sync(() => connections.total - connections.open), (_) => _ >= 30)
    }))
})
