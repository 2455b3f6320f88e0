import { Effect, LogLevel, Option } from "effect"
import * as Headers from "../domain/Headers.ts"
import * as Trace from "../domain/Trace.ts"
import type { Request } from "../domain/verification/Request.ts"
import type { Listed } from "./Directory.ts"
import * as Elapsed from "./Elapsed.ts"
import * as Metrics from "./Metrics.ts"
import type { Span, Traces } from "./ports/Traces.ts"
import type { Stored } from "./store/EventStore.ts"

/** When a webhook came, in `Elapsed` seconds. */
export interface Arrival {
  readonly begun: number
  /** Its last byte. */
  readonly whole: number
}

/** Where a webhook came from. One that is taken in long after it came has no arrival. */
export interface Origin {
  readonly integration: Listed
  readonly request: Pick<Request, "headers" | "receivedAt">
  readonly arrival: Option.Option<Arrival>
}

/** A webhook that is stored. */
export interface Taken extends Origin {
  readonly stored: ReadonlyArray<Stored>
}

/** Tells whoever watches that webhooks were taken in: the metrics, the log, and the traces of their events. */
export const tell = Effect.fnUntraced(function*(traces: typeof Traces.Service, taken: ReadonlyArray<Taken>) {
  const now = yield* Elapsed.seconds
  yield* Metrics.accepted(taken.map(({ arrival, integration, stored }) => ({
    integration: integration.slug,
    stored,
    seconds: Option.match(arrival, { onNone: () => null, onSome: ({ whole }) => now - whole })
  })))
  yield* traces.tell(() =>
    taken.flatMap((one) =>
      Option.match(one.arrival, { onNone: () => [], onSome: ({ begun }) => spans(one, now - begun) })
    )
  )
  yield* log(taken)
})

// Nothing is made of it where nobody reads it.
const log = (taken: ReadonlyArray<Taken>): Effect.Effect<void> =>
  Effect.asVoid(Effect.whenLogLevel(
    Effect.forEach(
      taken.flatMap(({ integration: { slug }, stored }) => stored.map((one) => ({ slug, ...one }))),
      ({ duplicate, eventId, slug }) =>
        Effect.annotateLogs(
          Effect.logDebug(duplicate ? "A copy of a webhook came" : "A webhook was accepted"),
          { integration: slug, eventId }
        ),
      { discard: true }
    ),
    LogLevel.Debug
  ))

/** The step of each event from its receipt until it was stored. */
const spans = (
  { integration: { slug }, request: { headers, receivedAt }, stored }: Taken,
  seconds: number
): ReadonlyArray<Span> => {
  const links = Option.toArray(Option.flatMap(Headers.single(headers, "traceparent"), Trace.parent))
  return stored.map(({ duplicate, eventId }): Span => ({
    name: "webhook.receive",
    kind: "server",
    traceId: Trace.ofEvent(eventId),
    // A copy came in under the event that was there before.
    spanId: duplicate ? Trace.newSpan() : Trace.rootOf(eventId),
    parentId: duplicate ? Trace.rootOf(eventId) : null,
    startedAt: receivedAt,
    endedAt: receivedAt + seconds * 1_000,
    attributes: {
      "http.request.method": "POST",
      "http.route": "/api/v1/webhooks/{integration}",
      "sluice.integration": slug,
      "sluice.event.id": eventId,
      "sluice.duplicate": duplicate
    },
    failure: null,
    links
  }))
}
