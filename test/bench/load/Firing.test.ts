import { assert, describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { createHmac } from "node:crypto"
import { createServer, type RequestListener } from "node:http"
import * as Firing from "../../../bench/load/Firing.ts"
import * as Requests from "../../../bench/load/Requests.ts"
import { unsent, type Volley } from "../../../bench/load/Volley.ts"

const secret = "a secret"

/** A server for the life of the scope; its port. */
const serving = (listener: RequestListener): Effect.Effect<number, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<ReturnType<typeof createServer>>((resume) => {
      const server = createServer(listener)
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      })
  ).pipe(
    Effect.map((server) => server.address()),
    Effect.map((address) => typeof address === "object" && address !== null ? address.port : 0)
  )

const volley = (port: number, changes: Partial<Volley>): Volley => ({
  ports: [port],
  path: "/somewhere",
  secret,
  batch: "b1",
  count: 20,
  bodyBytes: 1_024,
  connections: 4,
  forged: false,
  copies: false,
  perSecond: null,
  seconds: null,
  ...changes
})

const fire = (volley: Volley) => Effect.promise(() => Firing.fire(volley, Requests.make(volley)))

/** Notes what comes, and answers 202. */
const noting = (
  noted: Array<{ readonly body: Buffer; readonly id: string; readonly signature: string }>
): RequestListener => {
  return (request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => {
      noted.push({
        body: Buffer.concat(chunks),
        id: String(request.headers["x-id"]),
        signature: String(request.headers["x-signature"])
      })
      response.writeHead(202, { "content-length": 2 }).end("ok")
    })
  }
}

describe("the load generator", () => {
  it.scopedLive("sends each webhook once, as JSON of the size that is asked for, signed", () =>
    Effect.forEach([1_024, 102_400], (bodyBytes) =>
      Effect.gen(function*() {
        const noted: Parameters<typeof noting>[0] = []
        const { statuses } = yield* fire(volley(yield* serving(noting(noted)), { bodyBytes }))
        assert.deepStrictEqual(new Set(statuses), new Set([202]))
        assert.strictEqual(new Set(noted.map((_) => _.id)).size, 20)
        for (const { body, id, signature } of noted) {
          assert.strictEqual(body.byteLength, bodyBytes)
          assert.strictEqual(JSON.parse(body.toString()).id, id)
          assert.strictEqual(signature, createHmac("sha256", secret).update(body).digest("hex"))
        }
      })))

  it.scopedLive("forges signatures where it is told to", () =>
    Effect.gen(function*() {
      const noted: Parameters<typeof noting>[0] = []
      yield* fire(volley(yield* serving(noting(noted)), { forged: true }))
      for (const { body, signature } of noted) {
        assert.notStrictEqual(signature, createHmac("sha256", secret).update(body).digest("hex"))
      }
    }))

  it.scopedLive("stops when the time is over, and says what it did not send", () =>
    Effect.gen(function*() {
      const port = yield* serving((_, response) => setTimeout(() => response.end(), 30))
      const { statuses } = yield* fire(volley(port, { seconds: 0.1, count: 1_000 }))
      const sent = statuses.filter((_) => _ !== unsent)
      assert.isAbove(sent.length, 3)
      assert.isBelow(sent.length, 30)
      assert.isTrue(sent.every((_) => _ === 200))
    }))

  it.scopedLive("at a fixed rate counts the time that a stalled server keeps the next ones waiting", () =>
    Effect.gen(function*() {
      let count = 0
      const port = yield* serving((_, response) => {
        count += 1
        // Only the first one is slow, but it has the only connection.
        if (count === 1) setTimeout(() => response.end(), 300)
        else response.end()
      })
      const { answeredAt, sentAt } = yield* fire(volley(port, { perSecond: 50, connections: 1 }))
      const waits = Array.from(answeredAt, (at, place) => at - (sentAt[place] ?? 0))
      assert.isAbove(waits[0] ?? 0, 290)
      assert.isAbove(waits[5] ?? 0, 150)
      assert.isAbove(waits[10] ?? 0, 50)
    }))

  it.scopedLive("notes a connection that breaks off, and goes on with another", () =>
    Effect.gen(function*() {
      let count = 0
      const port = yield* serving((request, response) => {
        count += 1
        if (count === 3) request.socket.destroy()
        else response.end()
      })
      const { statuses } = yield* fire(volley(port, { connections: 1 }))
      assert.strictEqual(statuses.filter((_) => _ === 0).length, 1)
      assert.strictEqual(statuses.filter((_) => _ === 200).length, 19)
    }))

  it("sends copies of what was sent some turns before, about as many as originals", () => {
    const plan = volley(0, { copies: true, count: 1_000, connections: 4 })
    const numbers = Array.from({ length: plan.count }, (_, place) => Requests.numberAt(plan, place))
    const first = new Map<number, number>()
    const gaps = numbers.flatMap((number, place) => {
      const before = first.get(number)
      if (before === undefined) first.set(number, place)
      return before === undefined ? [] : [place - before]
    })
    assert.isAtLeast(gaps.length, 480)
    assert.isTrue(gaps.every((gap) => gap > 2 * plan.connections))
  })
})
