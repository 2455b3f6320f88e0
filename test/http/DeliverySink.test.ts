import { assert, layer } from "@effect/vitest"
import { Clock, Effect, Schema } from "effect"
import { eventually } from "../support/Eventually.ts"
import * as Gateway from "../support/Gateway.ts"
import { onTwins } from "../support/Gateways.ts"
import { managementKey } from "../support/ManagementKey.ts"
import * as Api from "./Api.ts"
import * as Wire from "./Wire.ts"

const sink = (rest: string) => `/api/v1/internal/delivery-sink/${rest}`

const Kept = Schema.Struct({
  data: Schema.Array(Schema.Struct({
    receivedAt: Schema.DateTimeUtc,
    query: Schema.String,
    headers: Schema.Record({ key: Schema.String, value: Schema.String }),
    body: Schema.String,
    bodyBase64: Schema.String,
    answered: Schema.Int
  }))
})

const kept = Effect.fnUntraced(function*(name: string) {
  const { manage } = yield* Gateway.Gateway
  const answer = yield* manage(`/internal/delivery-sink/${name}`)
  assert.strictEqual(answer.status, 200, answer.text)
  return (yield* Schema.decodeUnknown(Kept)(answer.json)).data
})

layer(Api.onTwins({ maxWebhookBytes: 1_000 }), Api.live)("the delivery sink", (it) => {
  it.effect("answers 200, and shows what it was sent", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const body = Uint8Array.of(0, 255, 123, 125)
      const answer = yield* call(sink("shown"), { body, headers: { "x-mine": "yes" } })
      assert.deepStrictEqual([answer.status, answer.json], [200, { answered: 200 }])
      const [request] = yield* kept("shown")
      assert.strictEqual(request?.bodyBase64, Buffer.from(body).toString("base64"))
      assert.strictEqual(request?.headers["x-mine"], "yes")
      assert.deepStrictEqual(yield* kept("another"), [])
    }))

  it.effect("answers with the status that the query asks for", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      for (const status of [201, 204, 302, 304, 410, 429, 500, 599]) {
        const answer = yield* call(sink(`status?status=${status}`), { body: "{}" })
        assert.strictEqual(answer.status, status)
      }
      assert.strictEqual((yield* kept("status"))[0]?.query, "status=599")
    }))

  it.effect("fails the first calls of each delivery as often as it is told, and then no more", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const deliver = (id: string, query: string) =>
        Effect.map(
          call(sink(`failing?${query}`), { body: "{}", headers: { "sluice-delivery-id": id } }),
          (_) => _.status
        )
      const statuses = yield* Effect.forEach(
        ["a", "a", "b", "a", "b", "b"],
        (id) => deliver(id, "failFirst=2&status=503")
      )
      assert.deepStrictEqual(statuses, [503, 503, 503, 200, 503, 200])
      assert.strictEqual(yield* deliver("c", "failFirst=1"), 500)
      assert.strictEqual(yield* deliver("d", "failFirst=0"), 200)
    }))

  it.effect("answers as late as it is told", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const before = yield* Clock.currentTimeMillis
      yield* call(sink("late?delayMs=150"), { body: "{}" })
      assert.isAtLeast((yield* Clock.currentTimeMillis) - before, 149)
    }))

  it.effect("tells what it does not understand, and takes no body over the gateway's limit", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      for (
        const query of [
          "status=abc",
          "status=199",
          "status=600",
          "delayMs=-1",
          "delayMs=600001",
          "failFirst=-1",
          "failFirst=1.5"
        ]
      ) {
        Api.failed(yield* call(sink(`a?${query}`), { body: "{}" }), 400, "validation_failed")
      }
      Api.failed(yield* call(sink("a"), { body: "x".repeat(1_001) }), 413, "payload_too_large")
    }))

  it.effect("shows nothing without the key", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      yield* call(sink("guarded"), { body: "secret of a customer" })
      const wrong: ReadonlyArray<Record<string, string>> = [{}, { authorization: "Bearer wrong" }, {
        authorization: ""
      }]
      for (const headers of wrong) {
        const answer = yield* call(sink("guarded"), { headers })
        Api.failed(answer, 401, "unauthorized")
        assert.notInclude(answer.text, "customer")
      }
      const right = yield* call(sink("guarded"), { headers: { authorization: `bearer ${managementKey}` } })
      assert.strictEqual(right.status, 200)
    }))

  it.effect("keeps the last twenty requests, newest first", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      yield* Effect.forEach(
        Array.from({ length: 25 }, (_, index) => `${index}`),
        (body) => call(sink("full"), { body })
      )
      assert.deepStrictEqual(
        (yield* kept("full")).map((_) => _.body),
        Array.from({ length: 20 }, (_, index) => `${24 - index}`)
      )
    }))

  it.scoped("sends no body with a status that has none, so the connection goes on", () =>
    Effect.gen(function*() {
      const wire = yield* Wire.open
      for (const status of [204, 304, 200]) yield* wire.write(Wire.request(sink(`wire?status=${status}`), [], "{}"))
      const answers = yield* wire.answers(3)
      assert.deepStrictEqual(answers.map((_) => [_.status, _.text]), [[204, ""], [304, ""], [
        200,
        "{\"answered\":200}"
      ]])
    }))
})

layer(onTwins(), Api.live)("a delivery to the sink", (it) => {
  it.effect("is tried again until the sink takes it", () =>
    Effect.gen(function*() {
      const { base } = yield* Gateway.Gateway
      const { send } = yield* Gateway.integration("sunk", `${base}${sink("sunk?failFirst=2")}`)
      const { eventId } = yield* Gateway.accepted(yield* send("one"))
      const event = yield* eventually(Gateway.event(eventId), (_) => _.status === "delivered")
      assert.deepStrictEqual(event.deliveries[0]?.attempts.map((_) => _.httpStatus), [500, 500, 200])
      assert.deepStrictEqual((yield* kept("sunk")).map((_) => _.headers["sluice-attempt"]), ["3", "2", "1"])
    }))
})

layer(Api.onTwins({ deliverySink: false }), Api.live)("the delivery sink that is off", (it) => {
  it.effect("is not there", () =>
    Effect.gen(function*() {
      const { call, manage } = yield* Gateway.Gateway
      Api.failed(yield* call(sink("a"), { body: "{}" }), 404, "not_found")
      Api.failed(yield* manage("/internal/delivery-sink/a"), 404, "not_found")
    }))
})
