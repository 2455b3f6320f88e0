// @effect-diagnostics strictEffectProvide:off
import { assert, describe, it } from "@effect/vitest"
import { Array, Duration, Effect, Fiber, Layer, Logger, Option } from "effect"
import { Redis } from "ioredis"
import { Coordination } from "../../../src/services/ports/Coordination.ts"
import { eventually } from "../../support/Eventually.ts"
import * as Proxy from "../../support/Proxy.ts"
import * as Binary from "../../support/servers/Binary.ts"
import * as RedisServer from "../../support/servers/RedisServer.ts"
import { connected, layerOf, recovery } from "./Connected.ts"
import { locks } from "./Locks.ts"
import { isMarked } from "./Marks.ts"

const installed = await Effect.runPromise(Effect.option(Binary.find("redis-server")))

const ttl = Duration.minutes(1)

/** Every call of the port. */
const calls = Effect.map(Coordination, ({ ask, check, enter, leave, lock, mark, renew, take, unlock }) => [
  Effect.asVoid(take("budget", 10)),
  Effect.asVoid(ask({ takings: [{ key: "budget", limit: 10, count: 2, onCredit: false }], marks: ["mark"] })),
  mark(["mark"], ttl),
  Effect.asVoid(lock([{ key: "lock", token: "token" }], ttl)),
  Effect.asVoid(renew([{ key: "lock", token: "token" }], ttl)),
  unlock([{ key: "lock", token: "token" }]),
  Effect.asVoid(enter("places", "token", 1, ttl)),
  leave("places", "token"),
  check
])

/** Every call fails typed, and so often in so short a time that none of them can have waited for a timeout. */
const failsAtOnce = Effect.gen(function*() {
  const reasons = Effect.forEach(yield* calls, (call) => Effect.map(Effect.flip(call), (_) => _.reason))
  const [time, rounds] = yield* Effect.timed(Effect.replicateEffect(reasons, 10))
  assert.deepStrictEqual([...new Set(rounds.flat())], ["Unavailable"])
  assert.isTrue(Duration.lessThan(time, "10 seconds"))
})

/** The names of the connections that a server has, without the one that asks. */
const connections = (url: string) =>
  Effect.acquireUseRelease(
    Effect.sync(() => new Redis(url, { lazyConnect: true })),
    (client) =>
      Effect.promise(async () => {
        await client.connect()
        return String(await client.client("LIST")).trim().split("\n").length - 1
      }),
    (client) => Effect.sync(() => client.disconnect())
  )

const configure = (url: string, name: string, value: string) =>
  Effect.acquireUseRelease(
    Effect.sync(() => new Redis(url)),
    (client) => Effect.promise(() => client.config("SET", name, value)),
    (client) => Effect.sync(() => client.disconnect())
  )

/** What the log says: the text alone, and the line as a role writes it. */
const overhear = () => {
  const entries: Array<{ readonly text: unknown; readonly line: string }> = []
  const heard = Logger.replace(
    Logger.defaultLogger,
    Logger.make((said) => void entries.push({ text: Array.ensure(said.message)[0], line: Logger.jsonLogger.log(said) }))
  )
  return { entries, heard }
}

describe.runIf(Option.isSome(installed))("coordination on a Redis that comes and goes", () => {
  it.scopedLive("starts while the server is down, fails typed and at once, and works when the server comes", () =>
    Effect.gen(function*() {
      const server = yield* RedisServer.start
      yield* server.stop
      yield* Effect.gen(function*() {
        yield* failsAtOnce
        yield* server.start
        yield* recovery
        yield* Effect.all(yield* calls)
      }).pipe(Effect.provide(layerOf(server.url)))
    }))

  it.scopedLive("fails typed and at once when the server is killed, and recovers with it, its memory lost", () =>
    Effect.gen(function*() {
      const server = yield* RedisServer.start
      yield* Effect.gen(function*() {
        const { lock } = yield* locks
        const { mark, take } = yield* Coordination
        yield* mark(["kept"], ttl)
        assert.isTrue(yield* lock("held", "token", ttl))
        yield* take("spent", 1)
        assert.isFalse((yield* take("spent", 1)).allowed)

        yield* server.kill
        yield* failsAtOnce

        yield* server.start
        yield* recovery
        assert.isFalse(yield* isMarked("kept"))
        assert.isTrue(yield* lock("held", "another", ttl))
        assert.isTrue((yield* take("spent", 1)).allowed)
      }).pipe(Effect.provide(connected(server.url)))
    }))

  it.scopedLive("says in the log once that the server is away, and once that it is back, and nothing of the keys", () =>
    Effect.gen(function*() {
      const server = yield* RedisServer.start
      const { entries, heard } = overhear()
      yield* Effect.gen(function*() {
        const { take } = yield* Coordination
        yield* Effect.all(yield* calls)
        assert.deepStrictEqual(entries, [])
        const underWay = yield* Effect.fork(Effect.forever(take("budget", 1_000_000)))
        yield* server.kill
        yield* Fiber.await(underWay)
        yield* failsAtOnce
        yield* server.start
        yield* recovery
        yield* Effect.all(yield* calls)
      }).pipe(Effect.provide(Layer.merge(connected(server.url), heard)))
      assert.deepStrictEqual(entries.map(({ text }) => text), [
        "Redis cannot be used now; limits are not kept until it is back",
        "Redis answers again"
      ])
      for (const { line } of entries) assert.notInclude(line, "budget")
    }))

  it.scopedLive("says in the log once why the server refuses to write, though it is read meanwhile", () =>
    Effect.gen(function*() {
      const server = yield* RedisServer.start
      const { entries, heard } = overhear()
      yield* Effect.gen(function*() {
        const { take } = yield* Coordination
        yield* configure(server.url, "maxmemory", "1")
        for (let round = 0; round < 3; round++) {
          yield* Effect.flip(take("budget", 10))
          yield* isMarked("mark")
        }
      }).pipe(Effect.provide(Layer.merge(connected(server.url), heard)))
      assert.deepStrictEqual(entries.map(({ text }) => text), ["Redis refuses commands; limits may not be kept"])
      assert.include(entries[0]?.line, "OOM")
      assert.notInclude(entries[0]?.line, "budget")
    }))

  it.scopedLive("answers every call that is under way when the server is killed", () =>
    Effect.gen(function*() {
      const server = yield* RedisServer.start
      yield* Effect.gen(function*() {
        const { take } = yield* Coordination
        const asked = yield* Effect.forkAll(Array.replicate(Effect.flip(Effect.forever(take("busy", 1_000_000))), 50))
        yield* server.kill
        const reasons = (yield* asked).map((_) => _.reason)
        assert.deepStrictEqual(reasons.filter((_) => _ === "Failed"), [])
      }).pipe(Effect.provide(connected(server.url)))
    }))

  it.scopedLive("pays one timeout for a server that has gone silent, then fails at once, until it speaks again", () =>
    Effect.gen(function*() {
      const server = yield* RedisServer.start
      yield* Effect.gen(function*() {
        const { check, mark } = yield* Coordination
        yield* mark(["kept"], ttl)
        yield* server.pause
        assert.strictEqual((yield* Effect.flip(check)).reason, "Timeout")
        yield* failsAtOnce
        yield* server.resume
        yield* recovery
        assert.isTrue(yield* isMarked("kept"))
        yield* Effect.all(yield* calls)
      }).pipe(Effect.provide(connected(server.url)))
    }))

  it.scopedLive("finds a server again whose host was lost without a word", () =>
    Effect.gen(function*() {
      const server = yield* RedisServer.start
      const proxy = yield* Proxy.make(server.port)
      yield* Effect.gen(function*() {
        const { check } = yield* Coordination
        yield* proxy.lose
        assert.strictEqual((yield* Effect.flip(check)).reason, "Timeout")
        yield* recovery
      }).pipe(Effect.provide(connected(`redis://127.0.0.1:${proxy.port}`)))
    }))

  it.scopedLive("leaves no connection behind, and does not come back when the server does", () =>
    Effect.gen(function*() {
      const server = yield* RedisServer.start
      yield* Effect.gen(function*() {
        assert.strictEqual(yield* connections(server.url), 1)
      }).pipe(Effect.provide(connected(server.url)))
      yield* eventually(connections(server.url), (count) => count === 0)

      yield* Effect.zipRight(server.kill, failsAtOnce).pipe(Effect.provide(connected(server.url)))
      yield* server.start
      yield* Effect.gen(function*() {
        assert.strictEqual(yield* connections(server.url), 1)
      }).pipe(Effect.provide(Layer.fresh(connected(server.url))))
    }))
})
