import { Clock, Duration, Effect, Ref, Schedule, type Scope } from "effect"
import type { ServerUnavailable } from "../test/support/servers/ServerUnavailable.ts"
import type { Callbacks } from "./Callbacks.ts"
import { type Contender, type Gateway, secret, type Setting } from "./contenders/Contender.ts"
import type { Generator } from "./Generator.ts"
import * as Ledger from "./Ledger.ts"
import type { Report, Volley } from "./load/Volley.ts"
import * as Depth from "./meters/Depth.ts"
import * as Meter from "./meters/Meter.ts"
import * as Place from "./Place.ts"
import type { Behaviour, Page } from "./sink/Sink.ts"

/** What all trials of a run share. */
export interface Hall {
  readonly callbacks: Callbacks
  readonly generator: Generator
  /** A name that no batch has had. */
  readonly nextBatch: Effect.Effect<string>
}

export interface Options extends Pick<Setting, "apis" | "workers" | "profiles" | "place"> {
  readonly contender: Contender
  readonly destinations: number
  readonly behaviour: Partial<Behaviour>
}

/** One contender at work, with everything that it is sent written down. */
export interface Trial {
  readonly gateway: Gateway
  readonly meter: Meter.Meter
  readonly place: Place.Place
  readonly contender: Contender
  readonly callbacks: Callbacks
  /** Signs a volley; the effect within sends it, and notes what was answered. */
  readonly load: (order: Order) => Effect.Effect<Effect.Effect<Shot>>
  /** Lets a batch wait in the queue as if it had been sent. */
  readonly queue: (count: number) => Effect.Effect<void>
  /** How many webhooks were accepted so far. */
  readonly accepted: Effect.Effect<number>
  /** Waits until everything that was accepted stands in the queue, where no worker runs; what does not get there is told. */
  readonly queued: Effect.Effect<ReadonlyArray<string>>
  /** Waits until everything that was accepted is delivered so often, or until nothing moves any more. */
  readonly settle: (times?: number) => Effect.Effect<void>
  /** Everything that is wrong. */
  readonly problems: (times?: number) => Effect.Effect<ReadonlyArray<string>>
}

/** What a volley may say of itself. */
export type Order =
  & Pick<Volley, "count" | "bodyBytes" | "connections">
  & Partial<Pick<Volley, "forged" | "copies" | "perSecond" | "seconds">>

export interface Shot {
  readonly batch: string
  readonly report: Report
  /** How many webhooks of it were accepted. */
  readonly accepted: number
}

const look = Duration.millis(100)
const patience = Duration.seconds(60)
/** For the records of the last deliveries. */
const spaced = Schedule.spaced(look).pipe(Schedule.upTo("20 seconds"))
/** What still comes after so long without a call is late by another order. */
const still = Duration.seconds(2)
const queueing = Schedule.spaced("20 millis").pipe(Schedule.upTo("30 seconds"))

export const make = Effect.fn("Trial.make")(
  function*(
    { callbacks, generator, nextBatch }: Hall,
    { apis, behaviour, contender, destinations: count, place, profiles, workers }: Options
  ): Effect.fn.Return<Trial, ServerUnavailable, Scope.Scope> {
    const destinations = Array.from({ length: count }, (_, index) => `d${index + 1}`)
    yield* Place.emptyRedis(place.ground)
    yield* callbacks.forget
    yield* callbacks.behave(behaviour)
    const gateway = yield* contender.start({
      place,
      callbacks: destinations.map(callbacks.urlOf),
      apis,
      workers,
      profiles
    })
    const meter = yield* Meter.make(place, members(place, gateway, { callbacks, generator }))
    const total = yield* contender.books.total(place)
    const sent = yield* Ref.make<ReadonlyArray<Ledger.Sent>>([])
    const accepted = Effect.map(Ref.get(sent), (all) => all.reduce((sum, one) => sum + Ledger.accepted(one), 0))
    const note = (one: Ledger.Sent) => Ref.update(sent, (all) => [...all, one])

    const settle = Effect.fn("Trial.settle")(function*(times = 1) {
      const wanted = (yield* accepted) * destinations.length
      let last = -1
      let movedAt = yield* Clock.currentTimeMillis
      while (true) {
        const { calls, delivered } = yield* callbacks.count
        const now = yield* Clock.currentTimeMillis
        if (delivered >= wanted && calls >= wanted * times) break
        if (calls !== last) movedAt = now
        if (now - movedAt > Duration.toMillis(patience)) break
        last = calls
        yield* Effect.sleep(look)
      }
    })

    const [queue] = contender.queues(place)
    const queued = queue === undefined ? Effect.succeed([]) : Effect.scoped(
      Effect.flatMap(Effect.zip(Depth.of(place, queue), accepted), ([depth, count]) =>
        depth.pipe(
          Effect.filterOrFail((waiting) => waiting >= count * destinations.length, (waiting) => waiting),
          Effect.retry(queueing),
          Effect.match({
            onSuccess: (): ReadonlyArray<string> => [],
            onFailure: (
              waiting
            ) => [`of ${count * destinations.length} deliveries ${waiting} came to stand in the queue`]
          })
        ))
    )

    const quiet = Effect.fnUntraced(function*() {
      let last = -1
      while (true) {
        const { calls } = yield* callbacks.count
        if (calls === last) return
        last = calls
        yield* Effect.sleep(still)
      }
    })

    /** What was called is recorded a moment later. */
    const recorded = contender.books.open(place).pipe(
      Effect.filterOrFail((open) => open === 0, (open) => open),
      Effect.retry(spaced),
      Effect.match({
        onSuccess: (): ReadonlyArray<string> => [],
        onFailure: (open) => [`${open} deliveries or more are not over in the database`]
      })
    )

    return {
      gateway,
      meter,
      place,
      contender,
      callbacks,
      load: (order) =>
        Effect.flatMap(nextBatch, (batch) => {
          const volley = { ...ordinary, ...order, batch, ports: gateway.ports, path: gateway.path, secret }
          return Effect.map(
            generator.load(volley),
            Effect.flatMap((report) => {
              const one = Ledger.sentOf(volley, report)
              return Effect.as(note(one), { batch, report, accepted: Ledger.accepted(one) })
            })
          )
        }),
      queue: Effect.fnUntraced(function*(count) {
        const batch = yield* nextBatch
        yield* contender.books.queue(place, batch, count)
        yield* note({ batch, fates: new Map(Array.from({ length: count }, (_, index) => [index + 1, "accepted"])) })
      }),
      accepted,
      queued,
      settle,
      problems: Effect.fnUntraced(function*(times = 1) {
        if (contender.name === "limit") return []
        const open = yield* recorded
        yield* quiet()
        const all = yield* Ref.get(sent)
        const stored = yield* contender.books.stored(place, all.flatMap(Ledger.idsOf))
        const surplus = (yield* contender.books.total(place)) - total - stored.length
        const pages = yield* callbacks.pages
        return [...open, ...Ledger.problems({ sent: all, stored, surplus, pages, destinations, times })]
      })
    }
  }
)

const ordinary = { forged: false, copies: false, perSecond: null, seconds: null }

const members = (
  { ground: { postgres, rabbitMq, redis } }: Place.Place,
  gateway: Gateway,
  { callbacks, generator }: Pick<Hall, "callbacks" | "generator">
): Effect.Effect<ReadonlyArray<Meter.Member>> =>
  Effect.gen(function*() {
    const servers = yield* Effect.forEach(
      Object.entries({ postgres, redis, rabbitmq: rabbitMq }),
      ([name, { pid }]) => Effect.map(pid, (pid) => pid._tag === "Some" ? [{ name, pid: pid.value }] : [])
    )
    return [
      ...yield* gateway.members,
      ...servers.flat(),
      { name: "load", pid: generator.pid },
      { name: "callbacks", pid: callbacks.pid }
    ]
  })

/** When the deliveries of a batch came to their first success, in order, in milliseconds. */
export const arrivals = (pages: ReadonlyArray<Page>, batches: ReadonlyArray<string>): Float64Array =>
  Float64Array.from(
    pages.filter(({ batch }) => batches.includes(batch)).flatMap(({ at }) => Array.from(at).filter((_) => _ > 0))
  ).toSorted()
