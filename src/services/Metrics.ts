import { Duration, Effect, Metric, MetricBoundaries, MetricKey, type MetricPair, MetricState } from "effect"
import * as Exposition from "../domain/metrics/Exposition.ts"

// Beyond so many values of a label the rest share one, so that nobody's choice of names makes the metrics grow.
const mostValues = 200
const others = "_other"

const upTo = (...bounds: ReadonlyArray<number>) => MetricBoundaries.fromIterable(bounds)
const answering = upTo(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
const calling = upTo(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60, 120, 300, 600)
const delivering = upTo(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 21_600, 86_400)
const many = upTo(1, 2, 5, 10, 25, 50, 100, 250)

type Counter = Metric.Metric.Counter<number>

const recorded: Array<Definition> = []
const describe = (name: string, help: string, type: Exposition.Family["type"]): void =>
  void recorded.push({ name, help, type })

/** A counter whose series are told apart by labels; each is made when it is counted first. */
const counter = (name: string, help: string, ...labels: ReadonlyArray<string>) => {
  describe(name, help, "counter")
  const key = MetricKey.counter(name, { description: help, incremental: true })
  const known = new Map<string, Counter>()
  // Metric.tagged would look its series up with every count.
  const make = (values: ReadonlyArray<string>): Counter =>
    Metric.fromMetricKey(labels.reduce((key, label, index) => MetricKey.tagged(key, label, values[index] ?? ""), key))
      .register()
  const series = (...values: ReadonlyArray<string>): Counter => {
    const id = values.join()
    const found = known.get(id)
    if (found !== undefined) return found
    const isFull = known.size >= mostValues
    const made = isFull ? known.get(others) ?? make(values.map(() => others)) : make(values)
    known.set(isFull ? others : id, made)
    return made
  }
  if (labels.length === 0) series()
  return series
}

const histogram = (name: string, help: string, bounds: MetricBoundaries.MetricBoundaries) => {
  describe(name, help, "histogram")
  return Metric.histogram(name, bounds, help).register()
}

const gauge = (name: string, help: string) => {
  describe(name, help, "gauge")
  return Metric.gauge(name, { description: help }).register()
}

const count = (metric: Counter, amount: number): void => {
  if (amount > 0) metric.unsafeUpdate(amount, [])
}

const eventsAccepted = counter("sluice_events_accepted_total", "Events stored, by integration.", "integration")
const eventsDuplicate = counter("sluice_events_duplicate_total", "Copies of events, by integration.", "integration")
const webhooksRejected = counter("sluice_webhooks_rejected_total", "Webhooks not accepted, by reason.", "reason")
const acceptDuration = histogram(
  "sluice_accept_duration_seconds",
  "From a webhook's last byte until it is stored and can be answered.",
  answering
)
const commitSize = histogram("sluice_commit_size_events", "Events that were stored in one commit.", many)
const commitDuration = histogram("sluice_commit_duration_seconds", "How long storing one commit took.", answering)
const messagesPublished = counter(
  "sluice_messages_published_total",
  "Deliveries given to RabbitMQ; refused ones stay with the sweeper.",
  "outcome"
)
const messagesDeadLettered = counter(
  "sluice_messages_dead_lettered_total",
  "Messages that could not be processed and were moved to the dead-letter queue."
)
const attempts = counter(
  "sluice_attempts_total",
  "Calls of callbacks, by outcome and by what came of them: the status' class, or why there was none.",
  "outcome",
  "result"
)
const attemptDuration = histogram("sluice_attempt_duration_seconds", "How long calls of callbacks took.", calling)
const attemptsInFlight = gauge("sluice_attempts_in_flight", "Calls of callbacks under way in this process.")
const deliveriesFinished = counter(
  "sluice_deliveries_finished_total",
  "Deliveries that were delivered, or died with their retries used up.",
  "outcome"
)
const deliveryDuration = histogram(
  "sluice_delivery_duration_seconds",
  "From a webhook's receipt until it was delivered; replayed ones are not counted.",
  delivering
)
const sweeperFound = counter(
  "sluice_sweeper_found_total",
  "Deliveries without a message that the sweeper queued again: never queued before, or lost by RabbitMQ.",
  "kind"
)
const spans = counter(
  "sluice_spans_total",
  "Spans of traces that were sent, or dropped for want of a collector.",
  "outcome"
)

/** A webhook that was taken in, by its integration's name. */
export interface Accepted {
  readonly integration: string
  readonly stored: ReadonlyArray<{ readonly duplicate: boolean }>
  /** Since its last byte had come; null where it was taken in later. */
  readonly seconds: number | null
}

export const accepted = (webhooks: ReadonlyArray<Accepted>): Effect.Effect<void> =>
  Effect.sync(() => {
    for (const { integration, seconds, stored } of webhooks) {
      const copies = stored.reduce((sum, { duplicate }) => duplicate ? sum + 1 : sum, 0)
      count(eventsAccepted(integration), stored.length - copies)
      if (copies > 0) count(eventsDuplicate(integration), copies)
      if (seconds !== null) acceptDuration.unsafeUpdate(seconds, [])
    }
  })

export const rejected = (reason: string): Effect.Effect<void> => Effect.sync(() => unsafeRejected(reason))

export const unsafeRejected = (reason: string): void => count(webhooksRejected(reason), 1)

export const committed = (events: number, took: Duration.Duration): Effect.Effect<void> =>
  Effect.sync(() => {
    commitSize.unsafeUpdate(events, [])
    commitDuration.unsafeUpdate(Duration.toSeconds(took), [])
  })

export const published = (confirmed: number, refused: number): Effect.Effect<void> =>
  Effect.sync(() => {
    count(messagesPublished("confirmed"), confirmed)
    count(messagesPublished("refused"), refused)
  })

export const deadLettered: Effect.Effect<void> = Effect.sync(() => count(messagesDeadLettered(), 1))

/** `result` is the class of the answer's status, such as `5xx`, or why there was no answer. */
export const attempted = (succeeded: boolean, result: string, took: Duration.Duration): Effect.Effect<void> =>
  Effect.sync(() => {
    count(attempts(succeeded ? "success" : "failure", result), 1)
    attemptDuration.unsafeUpdate(Duration.toSeconds(took), [])
  })

/** Counts a call as under way for as long as it takes. */
export const underWay = <A, E, R>(call: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    attemptsInFlight.unsafeModify(1, [])
    return Effect.ensuring(call, Effect.sync(() => attemptsInFlight.unsafeModify(-1, [])))
  })

/** `seconds` since the webhook's receipt, where that tells how long delivering took. */
export const finished = (outcome: "delivered" | "dead", seconds: number | null): Effect.Effect<void> =>
  Effect.sync(() => {
    count(deliveriesFinished(outcome), 1)
    if (seconds !== null) deliveryDuration.unsafeUpdate(Math.max(0, seconds), [])
  })

export const found = (kind: "never_queued" | "lost", amount: number): Effect.Effect<void> =>
  Effect.sync(() => count(sweeperFound(kind), amount))

export const traced = (outcome: "sent" | "dropped", amount: number): Effect.Effect<void> =>
  Effect.sync(() => count(spans(outcome), amount))

// They are there from the beginning, so that their first count is seen as a rise.
for (const outcome of ["confirmed", "refused"]) messagesPublished(outcome)
for (const outcome of ["delivered", "dead"]) deliveriesFinished(outcome)
for (const kind of ["never_queued", "lost"]) sweeperFound(kind)
for (const outcome of ["sent", "dropped"]) spans(outcome)

interface Definition {
  readonly name: string
  readonly help: string
  readonly type: Exposition.Family["type"]
}

const observedAs = (type: Exposition.Family["type"]) => (name: string, help: string): Definition => ({
  name,
  help,
  type
})
const seen = observedAs("gauge")

/** What is looked up when somebody asks, and not recorded. */
export const observed = {
  up: seen("sluice_up", "Whether a server answers: 1, or 0."),
  oldestUndelivered: seen(
    "sluice_oldest_undelivered_age_seconds",
    "Since the receipt, or the replay, of the oldest delivery that is under way or waits for a retry; 0 without one."
  ),
  oldestDue: seen(
    "sluice_oldest_due_age_seconds",
    "For how long the most overdue delivery should have gone on; 0 without one."
  ),
  deliveries: seen("sluice_deliveries", "Deliveries that are not finished, by state; counted up to 100000."),
  breakersOpen: seen("sluice_breakers_open", "Destinations whose breaker is open."),
  replays: seen("sluice_replays", "Replays that are not finished, by status; counted up to 1000."),
  queueMessages: seen("sluice_queue_messages", "Messages that a queue holds for a consumer."),
  queueConsumers: seen("sluice_queue_consumers", "Consumers of a queue."),
  connections: seen("sluice_postgres_connections", "Connections of this process' pool, by state."),
  connectionsMost: seen("sluice_postgres_connections_max", "Connections that the pool may have."),
  connectionsAwaited: seen("sluice_postgres_waiting", "Statements that wait for a connection of the pool."),
  cpu: observedAs("counter")("process_cpu_seconds_total", "Processor time that the process has used."),
  memory: seen("process_resident_memory_bytes", "Memory that the process holds."),
  started: seen("process_start_time_seconds", "When the process began, since 1970."),
  heap: seen("nodejs_heap_size_used_bytes", "JavaScript objects in memory."),
  lagMean: seen("nodejs_eventloop_lag_mean_seconds", "How late the event loop was on average since the last look."),
  lagHigh: seen("nodejs_eventloop_lag_p99_seconds", "The 99th percentile of how late the event loop was since then."),
  lagMost: seen("nodejs_eventloop_lag_max_seconds", "How late the event loop was at most since then.")
} as const

/** Every metric, in the order in which they are shown. */
export const definitions: ReadonlyArray<Definition> = [...recorded, ...Object.values(observed)]

/** One that is looked up, with what was seen. */
export const show = (
  definition: Definition,
  ...samples: ReadonlyArray<readonly [value: number, labels?: Exposition.Sample["labels"]]>
): Exposition.Family => ({ ...definition, samples: samples.map(([value, labels = {}]) => ({ value, labels })) })

/** What was recorded in this process so far. */
export const recordings: Effect.Effect<ReadonlyArray<Exposition.Family>> = Effect.map(
  Metric.snapshot,
  (pairs) =>
    recorded.map(({ help, name, type }) => ({
      name,
      help,
      type,
      samples: pairs.flatMap((pair) => samplesOf(pair, name))
    }))
)

const samplesOf = ({ metricKey, metricState }: MetricPair.MetricPair.Untyped, name: string) => {
  if (metricKey.name !== name) return []
  const labels = Object.fromEntries(metricKey.tags.map(({ key, value }) => [key, value]))
  if (MetricState.isCounterState(metricState)) return [{ labels, value: Number(metricState.count) }]
  if (MetricState.isGaugeState(metricState)) return [{ labels, value: Number(metricState.value) }]
  return MetricState.isHistogramState(metricState) ? Exposition.histogram(metricState, labels) : []
}
