import { Duration, Effect, LogLevel } from "effect"
import * as Judgement from "../domain/Judgement.ts"
import type { NextStep } from "../domain/NextStep.ts"
import * as Trace from "../domain/Trace.ts"
import * as Metrics from "./Metrics.ts"
import type { Span, Traces } from "./ports/Traces.ts"
import type { Work } from "./store/ClaimStore.ts"

/** An attempt that is recorded. Times are milliseconds since the epoch, by the database's clock. */
export interface Attempt {
  readonly work: Work
  readonly startedAt: number
  readonly took: Duration.Duration
  readonly outcome: Judgement.Outcome
  readonly next: NextStep
  readonly recordedAt: number
}

/** Tells whoever watches what came of an attempt: the metrics, the log, and the trace of its event. */
export const tell = (traces: typeof Traces.Service, attempt: Attempt): Effect.Effect<void> =>
  Effect.zipRight(count(attempt), Effect.zipRight(traces.tell(() => spans(attempt)), log(attempt)))

const count = ({ next, startedAt, took, work }: Attempt): Effect.Effect<void> => {
  switch (next._tag) {
    case "Retrying":
      return Effect.void
    case "Dead":
      return Metrics.finished("dead", null)
    case "Delivered": {
      const waited = startedAt + Duration.toMillis(took) - work.eventReceivedAt.getTime()
      return Metrics.finished("delivered", work.generation === 1 ? waited / 1_000 : null)
    }
  }
}

// The ids of the message are annotations of whoever carries it. What the callback says, and its URL, may hold secrets.
const log = (
  { next, outcome, took, work: { destinationId, eventId, integrationSlug } }: Attempt
): Effect.Effect<void> => {
  const ids = Effect.annotateLogs({ eventId, destinationId, integration: integrationSlug })
  const result = () => ({ result: wordOf(outcome), durationMs: Math.round(Duration.toMillis(took)) })
  switch (next._tag) {
    case "Delivered":
      return Effect.whenLogLevel(
        Effect.suspend(() => ids(Effect.logDebug("A delivery was delivered", result()))),
        LogLevel.Debug
      )
    case "Retrying":
      return ids(Effect.logInfo("An attempt failed; it is tried again", { ...result(), delayMs: next.delayMs }))
    case "Dead":
      return ids(Effect.logWarning("A delivery is dead", result()))
  }
}

const wordOf = (outcome: Judgement.Outcome): string =>
  outcome._tag === "Answered" ? `HTTP ${outcome.status}` : outcome.reason

const spans = ({ next, outcome, recordedAt, startedAt, took, work }: Attempt): ReadonlyArray<Span> => {
  const traceId = Trace.ofEvent(work.eventId)
  const carrying = Trace.newSpan()
  const attributes = {
    "sluice.event.id": work.eventId,
    "sluice.delivery.id": work.deliveryId,
    "sluice.destination.id": work.destinationId,
    "sluice.integration": work.integrationSlug,
    "sluice.generation": work.generation,
    "sluice.attempt": work.attempt
  }
  const common = { traceId, links: [] }
  return [{
    ...common,
    name: "webhook.deliver",
    kind: "consumer",
    spanId: carrying,
    parentId: Trace.rootOf(work.eventId),
    startedAt: work.claimedAt,
    endedAt: recordedAt,
    attributes: { ...attributes, "sluice.next": next._tag.toLowerCase() },
    failure: next._tag === "Dead" ? "the delivery is dead" : null
  }, {
    ...common,
    name: "webhook.attempt",
    kind: "client",
    spanId: Trace.newSpan(),
    parentId: carrying,
    startedAt,
    endedAt: startedAt + Duration.toMillis(took),
    attributes: {
      ...attributes,
      "http.request.method": "POST",
      ...(URL.canParse(work.url) ? { "server.address": new URL(work.url).hostname } : {}),
      ...(outcome._tag === "Answered"
        ? { "http.response.status_code": outcome.status }
        : { "error.type": outcome.reason })
    },
    failure: Judgement.blames(outcome) || outcome._tag === "Failed" ? wordOf(outcome) : null
  }]
}
