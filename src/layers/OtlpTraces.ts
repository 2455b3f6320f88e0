import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { type Cause, Chunk, Duration, Effect, Layer, Option, Queue, Redacted, Ref, Schedule, Stream } from "effect"
import { constTrue } from "effect/Function"
import * as Elapsed from "../services/Elapsed.ts"
import * as Loop from "../services/Loop.ts"
import * as Metrics from "../services/Metrics.ts"
import { type Span, Traces } from "../services/ports/Traces.ts"
import type { Variables } from "./Environment.ts"
import * as Encoding from "./otlp/Encoding.ts"

export interface Options {
  /** Of the collector; `/v1/traces` follows it. */
  readonly endpoint: string
  readonly headers: Redacted.Redacted<Readonly<Record<string, string>>>
  readonly serviceName: string
}

// What a collector does not take in time is dropped: a trace is never worth memory without bound.
const waiting = 4_096
const perRequest = 512
const every = Schedule.spaced("1 second")
const patience = Duration.seconds(5)
const pauseWhenAway = Duration.seconds(10)
const warnEvery = Duration.minutes(1)
const farewell = Duration.seconds(3)

/** Traces to a collector, by OTLP over HTTP. One that is away costs a warning a minute and the spans, and nothing waits. */
export const layer = (options: Options): Layer.Layer<Traces> =>
  Layer.scoped(Traces, make(options)).pipe(Layer.provide(NodeHttpClient.layerUndici))

/** The same where the environment names a collector. */
export const configured = (
  { otelEndpoint, otelHeaders, otelServiceName }: Pick<
    Variables,
    "otelEndpoint" | "otelHeaders" | "otelServiceName"
  >,
  serviceName: string
): Layer.Layer<never> =>
  Option.match(otelEndpoint, {
    onNone: () => Layer.empty,
    onSome: (endpoint) =>
      layer({
        endpoint,
        headers: Option.getOrElse(otelHeaders, () => Redacted.make({})),
        serviceName: Option.getOrElse(otelServiceName, () => serviceName)
      })
  })

const make = Effect.fnUntraced(function*({ endpoint, headers, serviceName }: Options) {
  const client = yield* HttpClient.HttpClient
  const collector = client.pipe(
    HttpClient.filterStatusOk,
    HttpClient.withTracerPropagation(false),
    (_) => HttpClient.withTracerDisabledWhen(_, constTrue)
  )
  const queue = yield* Queue.dropping<Span>(waiting)
  const warnedAt = yield* Ref.make(Number.NEGATIVE_INFINITY)

  const send = (spans: ReadonlyArray<Span>) =>
    HttpClientRequest.post(`${endpoint.replace(/\/+$/, "")}/v1/traces`).pipe(
      HttpClientRequest.setHeaders(Redacted.value(headers)),
      HttpClientRequest.bodyUnsafeJson(Encoding.request(serviceName, spans)),
      collector.execute,
      Effect.flatMap(({ stream }) => Stream.runDrain(stream)),
      Effect.scoped,
      Effect.timeout(patience)
    )

  const warn = Effect.fnUntraced(function*(reason: string, dropped: number) {
    const now = yield* Elapsed.millis
    if (now - (yield* Ref.get(warnedAt)) < Duration.toMillis(warnEvery)) return
    yield* Ref.set(warnedAt, now)
    yield* Effect.logWarning("The collector does not take traces; they are dropped", { reason, dropped })
  })

  /** Sends what waits; false once the collector has not taken something. */
  const flush: Effect.Effect<boolean> = Effect.gen(function*() {
    while (true) {
      const spans = Chunk.toReadonlyArray(yield* Queue.takeUpTo(queue, perRequest))
      if (spans.length === 0) return true
      const failed = yield* Effect.option(Effect.flip(send(spans))).pipe(
        // Whoever ends sends them once more.
        Effect.onInterrupt(() => Queue.offerAll(queue, spans))
      )
      yield* Metrics.traced(failed._tag === "None" ? "sent" : "dropped", spans.length)
      if (failed._tag === "None") continue
      yield* warn(reasonOf(failed.value), spans.length)
      return false
    }
  })

  // Added before the loop, so that it runs after its end.
  yield* Effect.addFinalizer(() => flush.pipe(Effect.interruptible, Effect.timeout(farewell), Effect.ignore))
  yield* Loop.forkRepeating(
    "Telling traces",
    every,
    Effect.flatMap(flush, (taken) => taken ? Effect.void : Effect.sleep(pauseWhenAway))
  )

  return {
    tell: (spans: () => ReadonlyArray<Span>) =>
      Effect.suspend(() => {
        const all = spans()
        return Effect.flatMap(
          Effect.reduce(all, 0, (dropped, span) =>
            Effect.map(Queue.offer(queue, span), (took) =>
              took ? dropped : dropped + 1)),
          (dropped) =>
            dropped === 0 ? Effect.void : Metrics.traced("dropped", dropped)
        )
      })
  }
})

// The client's own errors carry the whole request, with the headers.
const reasonOf = (cause: HttpClientError.HttpClientError | Cause.TimeoutException): string =>
  "reason" in cause ? cause.reason : cause.message
