// @effect-diagnostics strictEffectProvide:off
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Array, Duration, Effect, Either, Fiber, Schema } from "effect"
import { ManagementApi } from "../../../src/http/management/ManagementApi.ts"
import { Broker, type Settlement } from "../../../src/services/ports/Broker.ts"
import { Coordination } from "../../../src/services/ports/Coordination.ts"
import { Settings } from "../../../src/services/Settings.ts"
import { eventually } from "../../support/Eventually.ts"
import * as Gateway from "../../support/Gateway.ts"
import { managementKey } from "../../support/ManagementKey.ts"
import * as Api from "../Api.ts"

const clientWith = (key: string) =>
  Effect.flatMap(Gateway.Gateway, ({ base }) =>
    HttpApiClient.make(ManagementApi, {
      baseUrl: base,
      transformClient: HttpClient.mapRequest(HttpClientRequest.bearerToken(key))
    })).pipe(Effect.provide(FetchHttpClient.layer))

const client = clientWith(managementKey)
type Client = Effect.Effect.Success<typeof client>

const codeOf = <A, E>(call: Effect.Effect<A, E>) =>
  Effect.map(Effect.flip(call), (failure) => Schema.decodeUnknownSync(Coded)(failure).error.code)
const Coded = Schema.Struct({ error: Schema.Struct({ code: Schema.String }) })

const queues = Effect.map(Settings, (_) => _.queues)

/** Every route of the dead-letter queue, called for a queue. */
const calls = (client: Client, name: string) => [
  Effect.asVoid(client.queues.messages({ path: { name }, urlParams: { limit: 10 } })),
  Effect.asVoid(client.queues.requeue({ path: { name }, payload: { limit: 10 } })),
  Effect.asVoid(client.queues.purge({ path: { name } }))
]

/** Takes what stands in a queue and buries it. */
const bury = Effect.fnUntraced(function*(queue: string, reason: string) {
  const broker = yield* Broker
  const { deadLetter } = yield* queues
  const depths = broker.states([queue, deadLetter])
  const [before, dead] = yield* depths
  const consumer = yield* Effect.fork(broker.consume(
    { queue, concurrency: 1, drainWithin: Duration.seconds(1) },
    () => Effect.succeed<Settlement>({ _tag: "DeadLetter", reason })
  ))
  const wanted = (before?.messages ?? 0) + (dead?.messages ?? 0)
  yield* eventually(depths, ([from, to]) => from?.messages === 0 && to?.messages === wanted)
  yield* Fiber.interrupt(consumer)
})

const audit = Effect.fnUntraced(function*(action: string) {
  const sql = yield* SqlClient.SqlClient
  return yield* sql<{ actor: string; subject_id: string | null; detail: unknown }>`
    SELECT actor, subject_id, detail FROM audit_entries
    WHERE subject_type = 'queue' AND action = ${action} ORDER BY id`
})

const depth = Effect.fnUntraced(function*(queue: string) {
  const [state] = yield* Effect.flatMap(Broker, (_) => _.states([queue]))
  return state?.messages
})

layer(Api.onTwins(), Api.live)("the dead-letter queue", (it) => {
  it.effect("shows an operator each message and why it died, brings it back, and is purged; all of it audited", () =>
    Effect.gen(function*() {
      const { queues: api } = yield* client
      const names = yield* queues
      const path = { name: names.deadLetter }
      const urlParams = { limit: 200 }
      const { send } = yield* Gateway.integration("buried", "http://127.0.0.1:9/hook")
      yield* send("one")
      yield* eventually(depth(names.process), (_) => _ === 1)
      yield* bury(names.process, "unknown message version 2; this revision reads version 1")
      yield* Effect.flatMap(Broker, (_) => _.publish([{ queue: names.deadLetter, content: "garbage" }]))

      const { data } = yield* api.messages({ path, urlParams })
      assert.strictEqual(data.length, 2)
      const [message, garbage] = data
      assert.nestedPropertyVal(message, "message.v", 1)
      assert.isString(message?.diedAt?.toJSON())
      assert.deepInclude(message, {
        cause: "refused",
        reason: "unknown message version 2; this revision reads version 1",
        queue: names.process,
        deaths: 1,
        requeuesTo: names.process
      })
      assert.deepInclude(garbage, {
        message: null,
        content: "garbage",
        cause: "unknown",
        queue: null,
        diedAt: null,
        requeuesTo: null
      })
      assert.strictEqual((yield* api.messages({ path, urlParams: { limit: 1 } })).data.length, 1)

      assert.deepStrictEqual(yield* api.requeue({ path, payload: {} }), { requeued: 1, left: 1 })
      assert.strictEqual(yield* depth(names.process), 1)
      yield* bury(names.process, "once more")
      const again = (yield* api.messages({ path, urlParams })).data
      assert.deepStrictEqual(again.map((_) => [_.content, _.deaths]), [["garbage", 0], [message?.content, 2]])

      assert.deepStrictEqual(yield* api.purge({ path }), { purged: 2 })
      assert.deepStrictEqual((yield* api.messages({ path, urlParams })).data, [])
      const listed = (yield* api.list()).data.find((_) => _.name === names.deadLetter)
      assert.deepStrictEqual(listed, { name: names.deadLetter, messages: 0, consumers: 0 })

      const told = { actor: "management-key", subject_id: null }
      const requeue = { queue: names.deadLetter, limit: 10_000 }
      assert.deepStrictEqual(yield* audit("queue.requeue_requested"), [{ ...told, detail: requeue }])
      assert.deepStrictEqual(yield* audit("queue.requeued"), [{
        ...told,
        detail: { ...requeue, requeued: 1, left: 1 }
      }])
      const purge = { queue: names.deadLetter }
      assert.deepStrictEqual(yield* audit("queue.purge_requested"), [{ ...told, detail: purge }])
      assert.deepStrictEqual(yield* audit("queue.purged"), [{ ...told, detail: { ...purge, purged: 2 } }])
    }))

  it.effect("is the only one that may be touched", () =>
    Effect.gen(function*() {
      const api = yield* client
      const { process, replay, retry, rungs } = yield* queues
      for (const name of [process, retry, replay, rungs[0].name]) {
        for (const call of calls(api, name)) {
          const failure = yield* Effect.flip(call)
          assert.nestedPropertyVal(failure, "error.code", "conflict")
          assert.include(JSON.stringify(failure), "is in use")
        }
      }
      for (const name of ["nobody's", "queue with spaces/and slashes", "%00", "ünknown"]) {
        for (const call of calls(api, name)) assert.include(["not_found", "validation_failed"], yield* codeOf(call))
      }
    }))

  it.effect("asks for the key, and for limits that can be", () =>
    Effect.gen(function*() {
      const { call, manage } = yield* Gateway.Gateway
      const { deadLetter } = yield* queues
      const stranger = yield* clientWith("a-key-that-is-wrong")
      for (const call of [...calls(stranger, deadLetter), Effect.asVoid(stranger.queues.list())]) {
        assert.strictEqual(yield* codeOf(call), "unauthorized")
      }
      const base = `/queues/${deadLetter}`
      for (const [path, method] of [["/messages", "GET"], ["/requeue", "POST"], ["/purge", "POST"]] as const) {
        Api.failed(yield* call(`/api/v1${base}${path}`, { method }), 401, "unauthorized")
      }
      for (const limit of ["0", "201", "-1", "1.5", "all", ""]) {
        assert.deepStrictEqual(Api.complaints(yield* manage(`${base}/messages?limit=${limit}`)), ["limit"])
      }
      for (const limit of [0, 10_001, 1.5, "1", null]) {
        assert.deepStrictEqual(Api.complaints(yield* manage(`${base}/requeue`, { limit })), ["limit"])
      }
      assert.deepStrictEqual(Api.complaints(yield* manage(`${base}/requeue`, { limt: 1 })), ["limt"])
    }))

  it.effect("is in one pair of hands at a time, and others are told so", () =>
    Effect.gen(function*() {
      const api = yield* client
      const { deadLetter } = yield* queues
      const coordination = yield* Coordination
      const somebody = [{ key: `queue:${deadLetter}`, token: "somebody" }]
      yield* coordination.lock(somebody, Duration.seconds(30))
      const codes = yield* Effect.forEach(calls(api, deadLetter), codeOf, { concurrency: "unbounded" })
      assert.deepStrictEqual(codes, Array.replicate("conflict", 3))
      yield* coordination.unlock(somebody)
      const both = yield* Effect.all(
        Array.replicate(Effect.either(api.queues.purge({ path: { name: deadLetter } })), 5),
        { concurrency: "unbounded" }
      )
      assert.isTrue(both.every(Either.isRight))
    }))
})
