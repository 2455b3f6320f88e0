import { Effect, Option, Schema } from "effect"
import { fileURLToPath } from "node:url"
import * as Database from "../../test/faults/Database.ts"
import { eventually } from "../../test/support/Eventually.ts"
import * as Gateway from "../../test/support/Gateway.ts"
import { managementKey } from "../../test/support/ManagementKey.ts"
import { ServerUnavailable } from "../../test/support/servers/ServerUnavailable.ts"
import type { Place } from "../Place.ts"
import * as Contender from "./Contender.ts"
import * as Crew from "./Crew.ts"
import { books } from "./SluiceBooks.ts"

const built = (path: string): string => fileURLToPath(new URL(`../../dist/${path}`, import.meta.url))

const ratePerMinute = 10_000_000
const baseDelayMs = Contender.retryDelaysMs[0] ?? 1_000
const maxDelayMs = Contender.retryDelaysMs.at(-1) ?? baseDelayMs

const envOf = ({ ground: { rabbitMq, redis }, queues, url }: Place) => ({
  DATABASE_URL: url,
  REDIS_URL: redis.url,
  RABBITMQ_URL: rabbitMq.url,
  RABBITMQ_PROCESS_QUEUE: processQueue(queues),
  RABBITMQ_RETRY_QUEUE: `${queues}.retry`,
  RABBITMQ_REPLAY_QUEUE: `${queues}.replay`,
  RABBITMQ_DEAD_LETTER_QUEUE: `${queues}.dead`,
  APP_HOST: "127.0.0.1",
  MANAGEMENT_API_KEY: managementKey,
  ENCRYPTION_KEYS: `bench:${Buffer.alloc(32, 7).toString("base64")}`,
  CALLBACK_ALLOW_PRIVATE: "127.0.0.1/32",
  WEBHOOK_RATE_LIMIT_PER_MINUTE: String(ratePerMinute),
  WORKER_CONCURRENCY: String(Contender.concurrency),
  RETRY_BASE_DELAY_MS: String(baseDelayMs),
  RETRY_BACKOFF_FACTOR: "2",
  RETRY_MAX_DELAY_MS: String(maxDelayMs)
})

const processQueue = (queues: string): string => `${queues}.process`

/** The integration and its destinations over the management API, as an operator makes them; it may be there already. */
const furnish = Effect.fnUntraced(function*(ports: ReadonlyArray<number>, callbacks: ReadonlyArray<string>) {
  const gateways = ports.map((port) => Gateway.at(`http://127.0.0.1:${port}`))
  const [first] = gateways
  if (first === undefined) return
  yield* awaited("takes nothing", gateways, "/api/v1/health/ready", {}, 200)
  const created = yield* first.manage("/integrations", {
    slug: Contender.slug,
    name: Contender.slug,
    provider: "hmac",
    secrets: [Contender.secret],
    dedupe: { header: "x-id" }
  })
  if (created.status === 201) {
    const { id } = yield* Effect.orDie(Schema.decodeUnknown(Created)(created.json))
    yield* Effect.forEach(callbacks, (url) => first.manage(`/integrations/${id}/destinations`, { url }), {
      discard: true
    })
  }
  // Each process learns of a change in its own time; the destinations are the last that is learned.
  yield* awaited("does not know the integration", gateways, path, { body: "{}" }, 401)
  yield* Effect.sleep("1 second")
})

const Created = Schema.Struct({ id: Schema.String })

const path = `/api/v1/webhooks/${Contender.slug}`

const awaited = (
  what: string,
  gateways: ReadonlyArray<typeof Gateway.Gateway.Service>,
  path: string,
  call: Gateway.Call,
  status: number
) =>
  Effect.forEach(gateways, (gateway) =>
    eventually(
      Effect.option(Effect.sandbox(gateway.call(path, call))),
      (answer) => Option.exists(answer, (_) => _.status === status),
      30_000
    )).pipe(Effect.annotateLogs("what", what))

/** This gateway: `dist/api/server.js` and `dist/worker/worker.js`. */
export const sluice: Contender.Contender = {
  name: "sluice",
  prepare: ({ url }) => Database.migrate(url),
  queues: ({ queues }) => [
    processQueue(queues),
    ...["retry", "replay", "dead"].map((_) => `${queues}.${_}`),
    ...Contender.retryDelaysMs.map((delay) => `${queues}.retry.${delay}`)
  ],
  start: Effect.fn("Sluice.start")(function*(setting) {
    const env = envOf(setting.place)
    const crew = yield* Crew.make("sluice", setting, {
      api: (port) => ({ file: built("api/server.js"), env: { ...env, APP_PORT: String(port) } }),
      worker: Option.some({ file: built("worker/worker.js"), env })
    })
    yield* furnish(crew.ports, setting.callbacks)
    return { ...crew, path, replay: replay(crew.ports) }
  }),
  books: books(processQueue)
}

/** A bulk replay of everything, over the management API. */
const replay = ([port]: ReadonlyArray<number>) =>
  Gateway.at(`http://127.0.0.1:${port}`).manage("/replays", {
    filter: { integration: Contender.slug },
    reason: "the bench"
  }).pipe(
    Effect.filterOrFail(
      ({ status }) => status === 202,
      ({ status }) =>
        new ServerUnavailable({ server: "sluice", reason: "NotReady", detail: `POST /replays answers ${status}` })
    ),
    Effect.asVoid
  )
