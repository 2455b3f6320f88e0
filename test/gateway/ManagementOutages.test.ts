// @effect-diagnostics strictEffectProvide:off
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Layer, Redacted, Schema } from "effect"
import { inject } from "vitest"
import * as RabbitMqBroker from "../../src/layers/RabbitMqBroker.ts"
import * as RedisCoordination from "../../src/layers/RedisCoordination.ts"
import { keep } from "../../src/services/Health.ts"
import { Settings } from "../../src/services/Settings.ts"
import * as Routes from "../http/management/Routes.ts"
import { eventually } from "../support/Eventually.ts"
import * as Gateway from "../support/Gateway.ts"
import * as Grounds from "../support/Grounds.ts"
import * as Proxy from "../support/Proxy.ts"
import { acquireDatabase, clientOf } from "../support/TestDatabase.ts"
import * as Samples from "./Samples.ts"

// A test of a destination may wait for its callback besides.
const bound = Duration.seconds(13)
// A connection that is dead without a word is noticed by its silence.
const recovery = 45_000

interface Told {
  readonly route: string
  readonly answer: Gateway.Answer
  readonly time: Duration.Duration
}

/** Calls every route of the management API at once, as an operator would. */
const callAll = (samples: Samples.Samples) =>
  Effect.flatMap(Gateway.Gateway, ({ manage }) =>
    Effect.forEach(Routes.all, (route) =>
      Effect.map(
        Effect.timed(manage(samples.path(route), samples.body(route), route.method)),
        ([time, answer]): Told => ({ route: Samples.name(route), answer, time })
      ), { concurrency: "unbounded" }))

const unavailable = (all: ReadonlyArray<Told>) => all.filter(({ answer }) => answer.status === 503).map((_) => _.route)

const shown = ({ answer, route, time }: Told) =>
  `${route}: ${answer.status} in ${Duration.format(time)}: ${answer.text}`

const isHealth = (route: string) => /^GET \/health(?:\/ready)?$/.test(route)
const ofQueues = (route: string) => /^(?:GET|POST) \/queues(?:\/|$)/.test(route)

/** A result or a typed 503, in good time. */
const isOutageProof = ({ answer, route, time }: Told): boolean => {
  if (Duration.greaterThan(time, bound)) return false
  if (answer.status < 500) return true
  return answer.status === 503 && Number(answer.headers.get("retry-after")) >= 1 &&
    (isHealth(route) || Schema.is(Unavailable)(answer.json))
}

const Unavailable = Schema.Struct({ error: Schema.Struct({ code: Schema.Literal("unavailable") }) })

const byProxy = Effect.fnUntraced(function*(text: string) {
  const url = new URL(text)
  const proxy = yield* Proxy.make(Number(url.port))
  url.port = String(proxy.port)
  return { proxy, url }
})

const outages = [
  ["refuses", (proxy: Proxy.Proxy) => proxy.refuse],
  ["is silent", (proxy: Proxy.Proxy) => Effect.zipRight(proxy.hold, proxy.lose)]
] as const

describe.runIf(Grounds.realServers)("the management API in an outage", () => {
  it.scopedLive(
    "answers every call with a result or a typed 503, and is whole again by itself",
    () =>
      Effect.gen(function*() {
        const postgres = yield* byProxy(yield* acquireDatabase(inject("migratedTemplate")))
        const redis = yield* byProxy(inject("redisUrl") ?? "")
        const rabbitMq = yield* byProxy(inject("rabbitMqUrl") ?? "")
        rabbitMq.url.searchParams.set("heartbeat", "1")
        const settings = Grounds.settings()
        const ground = Layer.mergeAll(
          clientOf(postgres.url.href),
          RedisCoordination.layer(Redacted.make(redis.url.href)),
          RabbitMqBroker.layer({ url: Redacted.make(rabbitMq.url.href), queues: settings.queues }),
          Layer.succeed(Settings, settings)
        )
        yield* Effect.gen(function*() {
          const samples = yield* Samples.make(settings.queues)
          const well = callAll(samples)
          const isWell = (all: ReadonlyArray<Told>) => unavailable(all).length === 0
          for (const told of yield* eventually(well, isWell, recovery)) {
            assert.include(Samples.normal, told.answer.status, `${shown(told)}\nGive it a sample in Samples.ts.`)
          }
          const servers = [
            { proxy: rabbitMq.proxy, down: (route: string) => ofQueues(route) || route === "GET /health", least: 3 },
            { proxy: redis.proxy, down: (route: string) => route === "GET /health", least: 1 },
            { proxy: postgres.proxy, down: (route: string) => !Samples.withoutDatabase.has(route), least: 15 }
          ]
          for (const { down, least, proxy } of servers) {
            for (const [how, hurt] of outages) {
              yield* hurt(proxy)
              yield* Effect.sleep(keep)
              const during = yield* callAll(samples)
              assert.deepStrictEqual(during.filter((told) => !isOutageProof(told)).map(shown), [], how)
              const out = unavailable(during)
              assert.deepStrictEqual(out.filter((route) => !down(route)), [], how)
              assert.isAtLeast(out.length, least, `${how}: ${out.join()}`)
              yield* proxy.release
              const since = yield* Clock.currentTimeMillis
              const after = yield* eventually(well, isWell, recovery)
              assert.isBelow((yield* Clock.currentTimeMillis) - since, recovery)
              for (const told of after) assert.include(Samples.normal, told.answer.status, shown(told))
            }
          }
        }).pipe(Effect.provide(Gateway.api.pipe(Layer.provideMerge(ground))))
      }),
    240_000
  )
})
