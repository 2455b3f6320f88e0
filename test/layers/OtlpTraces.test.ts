// @effect-diagnostics strictEffectProvide:off
import { assert, describe, it } from "@effect/vitest"
import { Array, Duration, Effect, Layer, Logger, Redacted } from "effect"
import { EventId } from "../../src/domain/Ids.ts"
import * as Trace from "../../src/domain/Trace.ts"
import * as OtlpTraces from "../../src/layers/OtlpTraces.ts"
import * as Ids from "../../src/services/Ids.ts"
import { type Span, Traces } from "../../src/services/ports/Traces.ts"
import * as Collector from "../support/Collector.ts"
import { eventually } from "../support/Eventually.ts"

const headers = Redacted.make({ "x-api-key": "key-of-the-collector" })

const to = (endpoint: string) => OtlpTraces.layer({ endpoint, headers, serviceName: "sluice-test" })

const span = (name: string): Span => {
  const id = EventId.make(Ids.at(1_764_178_000_123))
  return {
    name,
    kind: "client",
    traceId: Trace.ofEvent(id),
    spanId: Trace.newSpan(),
    parentId: Trace.rootOf(id),
    startedAt: 1_764_178_000_123.5,
    endedAt: 1_764_178_000_200,
    attributes: { text: "\"quoted\"", whole: 3, part: 0.5, yes: true },
    failure: "timeout",
    links: [{ traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" }]
  }
}

const tell = (...names: ReadonlyArray<string>) => Effect.flatMap(Traces, (_) => _.tell(() => names.map(span)))

describe("traces by OTLP", () => {
  it.scopedLive("reach the collector as its protocol has them, with the configured headers", () =>
    Effect.gen(function*() {
      const collector = yield* Collector.make
      yield* Effect.gen(function*() {
        yield* tell("one")
        const [got] = yield* eventually(Effect.sync(() => [...collector.spans]), (_) => _.length === 1)
        assert.strictEqual(got?.service, "sluice-test")
        assert.strictEqual(got?.kind, 3)
        assert.strictEqual(got?.startTimeUnixNano, "1764178000123500000")
        assert.strictEqual(got?.endTimeUnixNano, "1764178000200000000")
        assert.deepStrictEqual(got?.status, { code: 2, message: "timeout" })
        assert.deepStrictEqual(got?.attributes.map((_) => _.value), [
          { stringValue: "\"quoted\"" },
          { intValue: "3" },
          { doubleValue: 0.5 },
          { boolValue: true }
        ])
        assert.strictEqual(got?.links[0]?.spanId, "00f067aa0ba902b7")
        const [request] = collector.requests
        assert.strictEqual(request?.url, "/v1/traces")
        assert.strictEqual(request?.headers["content-type"], "application/json")
        assert.strictEqual(request?.headers["x-api-key"], "key-of-the-collector")
        assert.isUndefined(request?.headers["traceparent"])
      }).pipe(Effect.provide(to(`${collector.endpoint}/`)))
    }))

  it.scopedLive("that wait when the process ends are sent before it does", () =>
    Effect.gen(function*() {
      const collector = yield* Collector.make
      yield* Effect.provide(tell("last", "words"), to(collector.endpoint))
      assert.deepStrictEqual(collector.spans.map((_) => _.name).toSorted(), ["last", "words"])
    }))

  it.scopedLive("are dropped where the collector refuses them, with one warning that shows no key", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const overheard = Logger.replace(
        Logger.defaultLogger,
        Logger.map(Logger.jsonLogger, (line) => void lines.push(line))
      )
      const collector = yield* Collector.make
      yield* collector.answer(503)
      yield* Effect.gen(function*() {
        yield* tell("one")
        yield* eventually(Effect.sync(() => lines.length), (_) => _ > 0)
        yield* tell("two")
      }).pipe(Effect.provide(Layer.provide(to(collector.endpoint), overheard)))
      // The second is tried once more when the process ends.
      assert.strictEqual(collector.requests.length, 2)
      const warnings = lines.filter((_) => _.includes("The collector does not take traces"))
      assert.strictEqual(warnings.length, 1)
      assert.notInclude(lines.join("\n"), "key-of-the-collector")
    }))

  it.scopedLive(
    "cost neither time nor memory without bound while the collector does not answer",
    () =>
      Effect.gen(function*() {
        const collector = yield* Collector.make
        yield* collector.answer(0)
        const [took] = yield* Effect.timed(
          Effect.gen(function*() {
            yield* tell("first")
            yield* eventually(Effect.sync(() => collector.requests.length), (_) => _ === 1)
            const many = Array.makeBy(100, (index) => `span-${index}`)
            yield* Effect.replicateEffect(tell(...many), 100)
          }).pipe(Effect.provide(to(collector.endpoint)))
        )
        const sent = collector.requests.map(({ body }) => body.split("\"traceId\"").length)
        assert.isAtMost(Math.max(...sent), 1_100)
        // It gave up its last words in time.
        assert.isBelow(Duration.toMillis(took), 10_000)
      }),
    { timeout: 20_000 }
  )

  it.effect("are not even made where there is no collector", () =>
    Effect.flatMap(Traces, (_) => _.tell(() => assert.fail("a span was made"))))
})
