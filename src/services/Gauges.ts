import { Context, Duration, Effect, Fiber, Layer, Option, Record } from "effect"
import type { Family } from "../domain/metrics/Exposition.ts"
import { Health } from "./Health.ts"
import * as Metrics from "./Metrics.ts"
import { Broker } from "./ports/Broker.ts"
import { ConnectionPool } from "./ports/ConnectionPool.ts"
import { ProcessWatch } from "./ports/ProcessWatch.ts"
import { Settings } from "./Settings.ts"
import { GaugeStore } from "./store/GaugeStore.ts"

/** What is looked up for whoever watches. */
export class Gauges extends Context.Tag("sluice/services/Gauges")<Gauges, {
  /**
   * All of them. What a server is to say is known for a few seconds, waited for no longer than a moment, and left out where it
   * is away.
   */
  readonly look: Effect.Effect<ReadonlyArray<Family>>
}>() {
  static readonly layer = Layer.scoped(Gauges, Effect.suspend(() => make))
}

const patience = Duration.seconds(2)
const keep = Duration.seconds(5)

const { observed, show } = Metrics

const make = Effect.gen(function*() {
  const broker = yield* Broker
  const health = yield* Health
  const pool = yield* ConnectionPool
  const program = yield* ProcessWatch
  const store = yield* GaugeStore
  const { queues } = yield* Settings
  const scope = yield* Effect.scope

  const kinds = new Map([
    [queues.process, "process"],
    [queues.retry, "retry"],
    [queues.replay, "replay"],
    [queues.deadLetter, "dead_letter"],
    ...queues.rungs.map(({ name }) => [name, "delay"] as const)
  ])

  const servers = Effect.map(health.report, ({ checks }) => [
    show(
      observed.up,
      ...Record.collect(checks, (server, { status }) => [status === "ok" ? 1 : 0, { server }] as const)
    )
  ])

  const work = Effect.map(store.look, ({ breakersOpen, deliveries, oldestDue, oldestUndelivered, replays }) => [
    show(observed.oldestUndelivered, [oldestUndelivered]),
    show(observed.oldestDue, [oldestDue]),
    show(observed.deliveries, ...Record.collect(deliveries, (state, count) => [count, { state }] as const)),
    show(observed.breakersOpen, [breakersOpen]),
    show(observed.replays, ...Record.collect(replays, (status, count) => [count, { status }] as const))
  ])

  const lines = Effect.map(broker.states([...kinds.keys()]), (states) => {
    const labels = (name: string) => ({ queue: name, kind: kinds.get(name) ?? "" })
    return [
      show(observed.queueMessages, ...states.map(({ messages, name }) => [messages, labels(name)] as const)),
      // What waits in a delay is consumed by nobody.
      show(
        observed.queueConsumers,
        ...states.flatMap(({ consumers, name }) =>
          kinds.get(name) === "delay" ? [] : [[consumers, labels(name)] as const]
        )
      )
    ]
  })

  const ofServers = Effect.map(
    Effect.all([servers, orNothing(work), orNothing(lines)], { concurrency: "unbounded" }),
    (families) => families.flat()
  )
  // Whoever asks first may go away, and the others wait for the same answer: it is looked up by a fiber of its own, in which
  // time limits hold.
  const known = Effect.uninterruptible(
    yield* Effect.cachedWithTTL(
      Effect.flatMap(Effect.forkIn(Effect.interruptible(ofServers), scope), Fiber.join),
      keep
    )
  )

  const connections = Effect.map(
    pool.look,
    Option.match({
      onNone: (): ReadonlyArray<Family> => [],
      onSome: ({ idle, max, used, waiting }) => [
        show(observed.connections, [used, { state: "used" }], [idle, { state: "idle" }]),
        show(observed.connectionsMost, [max]),
        show(observed.connectionsAwaited, [waiting])
      ]
    })
  )

  const own = Effect.map(program.look, ({ cpuSeconds, heapUsedBytes, lag, residentBytes, startedAt }) => [
    show(observed.cpu, [cpuSeconds]),
    show(observed.memory, [residentBytes]),
    show(observed.started, [startedAt]),
    show(observed.heap, [heapUsedBytes]),
    show(observed.lagMean, [lag.mean]),
    show(observed.lagHigh, [lag.p99]),
    show(observed.lagMost, [lag.max])
  ])

  return Gauges.of({
    look: Effect.map(Effect.all([known, connections, own]), (families) => families.flat())
  })
})

// A look that fails is no one's business but the health routes', which say why.
const orNothing = <E>(look: Effect.Effect<ReadonlyArray<Family>, E>): Effect.Effect<ReadonlyArray<Family>> =>
  look.pipe(
    // A transaction that waits for its connection gives up only when that does.
    Effect.disconnect,
    Effect.timeout(patience),
    Effect.catchAllCause((cause) => Effect.as(Effect.logDebug("Metrics of a server are left out", cause), []))
  )
