import { Array, Clock, Console, Duration, Effect, Option, Order, Schedule, Schema, type Scope } from "effect"
import { createHmac } from "node:crypto"
import * as Callback from "../support/Callback.ts"
import { eventually } from "../support/Eventually.ts"
import * as Gateway from "../support/Gateway.ts"
import type { World } from "./World.ts"

const healthyOnes = 10
const perSecondEach = 10
const phase = Duration.seconds(20)
const waiting = 1_000
const rounds = 5
const settleTime = 120_000
/** In the rounds of the sick destination that fails, one attempt of so many succeeds. */
const succeeds = 5
/** From the sending of a webhook to its arrival at the callback, in milliseconds. */
export interface Latencies {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface Round {
  readonly calm: Latencies
  readonly beside: Latencies
}

/** What a sick destination does while a thousand deliveries are for it. */
interface Sickness {
  readonly name: string
  readonly answer: Callback.Answer
  /** How much longer the slowest hundredth of the healthy deliveries may take beside it. */
  readonly mostTimes: number
}

const sicknesses: ReadonlyArray<Sickness> = [
  { name: "hangs", answer: () => undefined, mostTimes: 2 },
  // A breaker that opened would spare everybody its retries, so now and then it succeeds.
  {
    name: "fails",
    answer: (response, number) => Callback.status(number % succeeds === 0 ? 200 : 500)(response, number),
    // Thousands of retries that fail at once keep the whole machine busy; new events are only not to wait behind them.
    mostTimes: 4
  }
]

export interface Measured {
  readonly sickness: Sickness
  readonly rounds: ReadonlyArray<Round>
}

/** Ten destinations that answer, measured alone, beside one that hangs, and beside one whose retries are due. */
export const run = Effect.fn("Fairness.run")(function*(world: World) {
  const base = world.fleet.bases[0] ?? ""
  const healthy = yield* Effect.forEach(Array.range(1, healthyOnes), (index) => source(base, `healthy-${index}`))
  const sick = yield* source(base, "sick")
  const measure = measured(healthy)
  const open = Effect.map(
    world.sql<{ readonly open: boolean }>`
      SELECT EXISTS (SELECT FROM deliveries WHERE state <> 'delivered') AS open`,
    ([row]) => row?.open
  )
  const round = Effect.fnUntraced(function*({ answer, name }: Sickness, number: number) {
    const calm = yield* measure
    yield* sick.callback.answer(answer)
    const before = sick.callback.received.length
    yield* Effect.replicateEffect(sick.send, waiting, { concurrency: 32, discard: true })
    yield* eventually(Effect.sync(() => sick.callback.received.length), (_) => _ > before)
    const beside = yield* measure
    yield* sick.callback.answer(Callback.status(200))
    yield* eventually(Effect.orDie(open), (_) => _ === false, settleTime)
    yield* Console.log(`  round ${number}: alone ${text(calm)}; beside one that ${name} ${text(beside)}`)
    return { calm, beside } satisfies Round
  })
  yield* measure
  return yield* Effect.forEach(sicknesses, (sickness) =>
    Effect.map(
      Effect.forEach(Array.range(1, rounds), (number) => round(sickness, number)),
      (rounds): Measured => ({ sickness, rounds })
    ))
}, Effect.scoped)

/** What is unfair, in words. Each round is compared with itself, as the machine may be slower in another one. */
export const problems = (all: ReadonlyArray<Measured>): ReadonlyArray<string> =>
  all.flatMap(({ rounds, sickness: { mostTimes, name } }) => {
    const times = percentile(rounds.map(({ beside, calm }) => beside.p99 / calm.p99), 0.5)
    return times <= mostTimes ? [] : [
      `beside a destination that ${name} the healthy ones' p99 is ${times.toFixed(1)} times what it is without it`
    ]
  })

const secret = "the-secret-of-fairness"

const source = Effect.fnUntraced(function*(base: string, slug: string) {
  const { call, manage } = Gateway.at(base)
  const callback = yield* Callback.make
  yield* callback.answer(Callback.status(200))
  yield* manage("/integrations", {
    slug,
    name: slug,
    provider: "hmac",
    secrets: [secret],
    callbackUrl: callback.url,
    rateLimitPerMinute: null
  })
  let serial = 0
  const send = Effect.flatMap(Clock.currentTimeMillis, (sentAt) => {
    const body = JSON.stringify({ sentAt, serial: serial++ })
    return call(`/api/v1/webhooks/${slug}`, {
      body,
      headers: {
        "content-type": "application/json",
        "x-signature": createHmac("sha256", secret).update(body).digest("hex")
      }
    })
  })
  return { callback, send }
}) satisfies (base: string, slug: string) => Effect.Effect<unknown, never, Scope.Scope>

type Source = Effect.Effect.Success<ReturnType<typeof source>>

/** Sends to all of them at a steady rate for a while, and waits for what they get. */
const measured = (sources: ReadonlyArray<Source>) =>
  Effect.gen(function*() {
    const from = sources.map((_) => _.callback.received.length)
    const count = perSecondEach * Duration.toSeconds(phase)
    yield* Effect.forEach(sources, ({ send }) =>
      Effect.repeat(
        Effect.fork(send),
        Schedule.intersect(Schedule.fixed(1_000 / perSecondEach), Schedule.recurs(count - 1))
      ), {
      concurrency: "unbounded",
      discard: true
    })
    const received = sources.map(({ callback }, index) =>
      Effect.map(callback.awaitReceived((from[index] ?? 0) + count), (all) => all.slice(from[index] ?? 0))
    )
    const all = (yield* Effect.all(received)).flat()
    const latencies = all.flatMap(({ at, body }) =>
      Option.toArray(Option.map(decode(body.toString()), ({ sentAt }) => at - sentAt))
    )
    return {
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      max: percentile(latencies, 1)
    } satisfies Latencies
  })

const decode = Schema.decodeOption(Schema.parseJson(Schema.Struct({ sentAt: Schema.Number })))

const percentile = (numbers: ReadonlyArray<number>, share: number): number =>
  Array.sort(numbers, Order.number)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))] ?? Number.NaN

const text = ({ max, p50, p99 }: Latencies): string => `p50 ${p50} ms, p99 ${p99} ms, at most ${max} ms`
