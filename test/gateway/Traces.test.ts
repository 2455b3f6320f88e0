// @effect-diagnostics strictEffectProvide:off
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import * as OtlpTraces from "../../src/layers/OtlpTraces.ts"
import * as Worker from "../../src/layers/Worker.ts"
import * as Api from "../http/Api.ts"
import * as Callback from "../support/Callback.ts"
import * as Collector from "../support/Collector.ts"
import { eventually } from "../support/Eventually.ts"
import * as Gateway from "../support/Gateway.ts"
import * as Grounds from "../support/Grounds.ts"
import { TestDatabase } from "../support/TestDatabase.ts"

const retryPolicy = { maxRetries: 1, baseDelayMs: 50, factor: 1, maxDelayMs: 50 }

/** Both roles, each with a telling of its own. */
const traced = ({ endpoint }: Collector.Collector) => {
  const to = (serviceName: string) => OtlpTraces.layer({ endpoint, serviceName, headers: Redacted.make({}) })
  return Layer.merge(
    Layer.provide(Gateway.api, to("sluice-api")),
    Layer.provide(Worker.programs, to("sluice-worker"))
  ).pipe(Layer.provideMerge(Layer.merge(Grounds.twins(Grounds.settings({ retryPolicy })), TestDatabase)))
}

const valueOf = (span: Collector.Span | undefined, key: string): unknown =>
  Object.values(span?.attributes.find((_) => _.key === key)?.value ?? {})[0]

it.scopedLive("the trace of an event is its id, from the ingress to each attempt, its retries and its replays", () =>
  Effect.gen(function*() {
    const collector = yield* Collector.make
    yield* Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const callback = yield* Callback.make
      yield* callback.answer(Callback.status(500))
      const { send } = yield* Gateway.integration("traced", callback.url)
      const { eventId } = yield* Gateway.accepted(yield* send("one"))
      yield* eventually(Gateway.event(eventId), (_) => _.status === "failed")
      yield* callback.answer(Callback.status(200))
      yield* manage(`/events/${eventId}/replay`, { reason: "traced" })
      yield* eventually(Gateway.event(eventId), (_) => _.status === "delivered")
      yield* send("one")

      const spans = yield* eventually(Effect.sync(() => [...collector.spans]), (_) => _.length === 8)
      assert.deepStrictEqual([...new Set(spans.map((_) => _.traceId))], [eventId.replaceAll("-", "")])
      const named = (name: string) =>
        spans.filter((_) => _.name === name).toSorted((one, other) =>
          one.startTimeUnixNano < other.startTimeUnixNano ? -1 : 1
        )
      const [received, copy] = named("webhook.receive")
      assert.strictEqual(received?.service, "sluice-api")
      assert.isUndefined(received?.parentSpanId)
      assert.strictEqual(valueOf(received, "sluice.integration"), "traced")
      assert.strictEqual(copy?.parentSpanId, received?.spanId)
      assert.isTrue(valueOf(copy, "sluice.duplicate"))

      const deliveries = named("webhook.deliver")
      assert.deepStrictEqual(deliveries.map((_) => [_.service, _.parentSpanId, valueOf(_, "sluice.next")]), [
        ["sluice-worker", received?.spanId, "retrying"],
        ["sluice-worker", received?.spanId, "dead"],
        ["sluice-worker", received?.spanId, "delivered"]
      ])
      const attempts = named("webhook.attempt")
      assert.deepStrictEqual(attempts.map((_) => _.parentSpanId), deliveries.map((_) => _.spanId))
      assert.deepStrictEqual(
        attempts.map((_) => [valueOf(_, "sluice.generation"), valueOf(_, "sluice.attempt"), _.status.code]),
        [["1", "1", 2], ["1", "2", 2], ["2", "1", undefined]]
      )
      assert.strictEqual(valueOf(attempts[2], "http.response.status_code"), "200")
      for (const [index, attempt] of attempts.entries()) {
        assert.isAtLeast(Number(attempt.startTimeUnixNano), Number(deliveries[index]?.startTimeUnixNano))
        assert.isAtMost(Number(attempt.endTimeUnixNano), Number(deliveries[index]?.endTimeUnixNano) + 5e6)
      }
    }).pipe(Effect.provide(traced(collector)))
  }))

it.scopedLive("a trace is linked to the sender's, and holds no header, body, query or secret", () =>
  Effect.gen(function*() {
    const collector = yield* Collector.make
    yield* Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const callback = yield* Callback.make
      const { destinations } = yield* Gateway.integration("closed", `${callback.url}/path-secret?token=query-secret`)
      const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
      const body = "{\"card\":\"body-secret\"}"
      yield* call("/api/v1/webhooks/closed/tail-secret?key=asked-secret", {
        ...Api.webhook(body, { "x-id": "header-secret", authorization: "Bearer bearer-secret", traceparent })
      })
      const spans = yield* eventually(Effect.sync(() => [...collector.spans]), (_) => _.length === 3)
      const received = spans.find((_) => _.name === "webhook.receive")
      assert.deepStrictEqual(received?.links.map(({ spanId, traceId }) => ({ spanId, traceId })), [
        { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" }
      ])
      const sent = collector.requests.map((_) => _.body + JSON.stringify(_.headers)).join("\n")
      const words = ["path", "query", "body", "tail", "asked", "header", "bearer"].map((_) => `${_}-secret`)
      for (const secret of [...words, Gateway.secret, destinations[0]?.signingSecret ?? "", Api.signature(body)]) {
        assert.notInclude(sent, secret)
      }
    }).pipe(Effect.provide(traced(collector)))
  }))

it.scopedLive("events travel as ever while the collector is away", () =>
  Effect.gen(function*() {
    const callback = yield* Callback.make
    const { send } = yield* Gateway.integration("untraced", callback.url)
    const { eventId } = yield* Gateway.accepted(yield* send("one"))
    yield* eventually(Gateway.event(eventId), (_) => _.status === "delivered")
  }).pipe(Effect.provide(Layer.unwrapScoped(
    // Nothing listens there any more.
    Effect.map(Effect.scoped(Collector.make), traced)
  ))))
