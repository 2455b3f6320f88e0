import { SqlClient } from "@effect/sql"
import { assert } from "@effect/vitest"
import { Context, Effect, Layer, Logger, LogLevel, Redacted, Schema } from "effect"
import { createHmac, randomBytes } from "node:crypto"
import { inject } from "vitest"
import * as RabbitMqBroker from "../../src/layers/RabbitMqBroker.ts"
import * as RedisCoordination from "../../src/layers/RedisCoordination.ts"
import { Broker } from "../../src/services/ports/Broker.ts"
import { Settings } from "../../src/services/Settings.ts"
import * as Callback from "../support/Callback.ts"
import { eventually } from "../support/Eventually.ts"
import * as Gateway from "../support/Gateway.ts"
import * as Grounds from "../support/Grounds.ts"
import { managementKey } from "../support/ManagementKey.ts"
import type { Secrets } from "../support/SecretSearch.ts"
import * as Tap from "../support/Tap.ts"
import { TestDatabase } from "../support/TestDatabase.ts"

const random = () => randomBytes(18).toString("base64url")

const encryptionKey = randomBytes(32)

/** Every secret of the run, and whatever came in where a secret belongs. */
export const secrets = {
  "the key of a signature": `sign-${random()}`,
  "its successor": `next-${random()}`,
  "a key of the standard": `whsec_${randomBytes(24).toString("base64")}`,
  "a password": `pass"${random()}\\word:ä`,
  "a token": `token-${random()}`,
  "a whole header": `Okta ${random()}`,
  "an app secret": `app-${random()}`,
  "a verify token": `verify-${random()}`,
  "a wrong token": `wrong-${random()}`,
  "a wrong verify token": `wrong-${random()}`,
  "a wrong management key": `wrong-${random()}`,
  "the password of a callback": `callback-${random()}`,
  "a secret of the wrong shape": `whsec_${random()}!`,
  "a misplaced secret": `misplaced-${random()}`,
  "a cookie": `session-${random()}`,
  "the management key": managementKey,
  "the encryption key": encryptionKey
} satisfies Secrets

/** What the gateway has said to others than its callers and its database. */
export class Overheard extends Context.Tag("sluice/test/gateway/SecretRun/Overheard")<Overheard, {
  readonly lines: ReadonlyArray<string>
  readonly redis: Tap.Tap
  readonly rabbitMq: Tap.Tap
}>() {}

/** Both roles on PostgreSQL, Redis and RabbitMQ, overheard, with logs of every level. */
export const world = Layer.unwrapScoped(Effect.gen(function*() {
  const redis = yield* Tap.make(inject("redisUrl") ?? "")
  const rabbitMq = yield* Tap.make(inject("rabbitMqUrl") ?? "")
  const lines: Array<string> = []
  const settings = Grounds.settings({ encryptionKeys: [{ id: "test", bytes: Redacted.make(encryptionKey) }] })
  const ground = Layer.mergeAll(
    RabbitMqBroker.layer({ url: Redacted.make(rabbitMq.url), queues: settings.queues }),
    RedisCoordination.layer(Redacted.make(redis.url)),
    Layer.succeed(Settings, settings),
    Layer.succeed(Overheard, { lines, redis, rabbitMq }),
    TestDatabase
  )
  const logs = Layer.merge(
    Logger.replace(Logger.defaultLogger, Logger.map(Logger.jsonLogger, (line) => void lines.push(line))),
    Logger.minimumLogLevel(LogLevel.Trace)
  )
  return Gateway.both.pipe(Layer.provideMerge(ground), Layer.provideMerge(logs))
}))

/** The gateway, with every answer kept. */
export const recording = Effect.map(Gateway.Gateway, (gateway) => {
  const answers: Array<Gateway.Answer> = []
  const kept = (answer: Effect.Effect<Gateway.Answer>) => Effect.tap(answer, (_) => Effect.sync(() => answers.push(_)))
  return {
    answers,
    gateway: Gateway.Gateway.of({
      base: gateway.base,
      call: (path, call) => kept(gateway.call(path, call)),
      manage: (path, body, method) => kept(gateway.manage(path, body, method))
    })
  }
})

const signed = (secret: string, body: string) => createHmac("sha256", secret).update(body).digest("hex")

const isText = (value: unknown): value is string => typeof value === "string"

/** Every string in an answer under a name. */
const named = (name: string, value: unknown): ReadonlyArray<string> =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => key === name && isText(inner) ? [inner] : named(name, inner))
    : []

const decodeMade = Schema.decodeUnknown(
  Schema.Struct({ destinations: Schema.Array(Schema.Struct({ id: Schema.String })) })
)

/** Everything that a gateway does with secrets, done once. The ids of its events, and its signing secrets. */
export const run = Effect.gen(function*() {
  const { call, manage } = yield* Gateway.Gateway
  const sql = yield* SqlClient.SqlClient
  const moody = yield* Callback.make
  const broken = yield* Callback.make
  // They show whoever asks what they were sent.
  yield* moody.answer((response, number) => {
    response.writeHead(number % 2 === 1 ? 500 : 200).end(JSON.stringify(response.req.headers))
  })
  yield* broken.answer((response) => {
    response.writeHead(500).end(JSON.stringify(response.req.headers))
  })

  const make = (slug: string, provider: string, secret: string, more: Record<string, unknown> = {}) =>
    manage("/integrations", { slug, name: slug, provider, secrets: [secret], callbackUrl: moody.url, ...more })
  const made = [
    yield* make("hmac", "hmac", secrets["the key of a signature"]),
    yield* make("basic", "basic", `shop:${secrets["a password"]}`),
    yield* make("token", "token", secrets["a token"]),
    yield* make("okta", "okta", secrets["a whole header"]),
    yield* make("standard", "standard-webhooks", secrets["a key of the standard"]),
    yield* make("meta", "meta", secrets["an app secret"], { verifyToken: secrets["a verify token"] })
  ]
  assert.deepStrictEqual(made.map((_) => _.status), made.map(() => 201))
  const destinations = (yield* Effect.forEach(made, (_) => decodeMade(_.json))).flatMap((_) =>
    _.destinations.map(({ id }) => id)
  )
  const hooks = "/api/v1/webhooks"

  // What is refused.
  const misplaced = secrets["a misplaced secret"]
  const callback = `https://user:${secrets["the password of a callback"]}@127.0.0.1/`
  const refused = [
    yield* make("refused", "hmac", "any", { callbackUrl: callback }),
    yield* manage("/integrations/hmac/destinations", { url: callback }),
    yield* make("refused", "standard-webhooks", secrets["a secret of the wrong shape"]),
    yield* make(misplaced, "hmac", "any"),
    yield* manage(`/integrations/${misplaced}`, { name: misplaced, slug: misplaced }, "PATCH"),
    yield* manage("/integrations/hmac/secrets", { secret: secrets["the key of a signature"] }),
    yield* manage("/integrations/standard/secrets", { secret: secrets["a secret of the wrong shape"] }),
    yield* manage("/integrations/hmac", { secrets: [misplaced], verifyToken: 7, unknown: misplaced }, "PATCH"),
    yield* manage(`/audit-entries?action=${misplaced.repeat(20)}`),
    yield* call("/api/v1/events", { headers: { authorization: `Bearer ${secrets["a wrong management key"]}` } }),
    yield* call(`${hooks}/token`, { body: "{}", headers: { "x-webhook-token": secrets["a wrong token"] } }),
    yield* call(`${hooks}/hmac`, { body: "{}", headers: { authorization: `Bearer ${managementKey}` } }),
    yield* call(`${hooks}/meta?hub.mode=subscribe&hub.challenge=1&hub.verify_token=${secrets["a wrong verify token"]}`)
  ]
  assert.deepStrictEqual(refused.filter((_) => _.status < 400 || _.status >= 500), [])

  // What is accepted, fails at first, and is delivered.
  const shaken = yield* call(
    `${hooks}/meta?hub.mode=subscribe&hub.challenge=1&hub.verify_token=${secrets["a verify token"]}`
  )
  assert.strictEqual(shaken.text, "1")
  const cookie = `session=${secrets["a cookie"]}`
  const basic = `Basic ${Buffer.from(`shop:${secrets["a password"]}`).toString("base64")}`
  const body = "{\"n\":1}"
  const accepted = [
    yield* call(`${hooks}/hmac`, {
      body,
      headers: { "x-signature": signed(secrets["the key of a signature"], body), cookie }
    }),
    yield* call(`${hooks}/basic`, { body, headers: { authorization: basic } }),
    yield* call(`${hooks}/token`, { body, headers: { "x-webhook-token": secrets["a token"] } }),
    yield* call(`${hooks}/okta`, { body, headers: { authorization: secrets["a whole header"] } })
  ]
  assert.deepStrictEqual(accepted.filter((_) => _.status >= 300), [])
  const settled = sql<{ readonly id: string }>`
    SELECT e.id FROM events e WHERE (SELECT bool_and(state IN ('delivered', 'dead')) FROM deliveries WHERE event_id = e.id)`
  const events = yield* eventually(settled, (_) => _.length === 4)

  // What is changed, and delivered again under what came of it.
  const successor = { secret: secrets["its successor"], expireOthersAt: "2999-01-01T00:00:00Z" }
  const added = yield* manage("/integrations/hmac/secrets", successor)
  const rotations = yield* Effect.forEach(
    destinations,
    (id) => manage(`/destinations/${id}/signing-secrets`, { overlapSeconds: 60 })
  )
  const doomed = yield* manage("/integrations/token/destinations", { url: broken.url, retryPolicy: { maxRetries: 0 } })
  assert.deepStrictEqual([added, doomed, ...rotations].map((_) => _.status), [201, 201, ...rotations.map(() => 201)])
  const again = yield* Effect.forEach(events, ({ id }) => manage(`/events/${id}/replay`, { reason: "again" }))
  assert.deepStrictEqual([...new Set(again.map((_) => _.status))], [202])
  yield* call(`${hooks}/token`, { body: "{\"n\":2}", headers: { "x-webhook-token": secrets["a token"] } })
  yield* broken.awaitReceived(1)
  yield* eventually(settled, (_) => _.length === 5)
  yield* eventually(sql`SELECT id FROM rejections`, (_) => _.length >= 3)

  // All that can be looked at.
  const lists = [
    "integrations",
    "events",
    "deliveries",
    "queues",
    "audit-entries",
    "rejections",
    "replays",
    "dead-letters"
  ]
  const details = [
    ...events.map(({ id }) => `/events/${id}`),
    ...destinations.map((id) => `/destinations/${id}`),
    ...["hmac", "basic", "token", "okta", "standard", "meta"].map((slug) => `/integrations/${slug}`)
  ]
  yield* Effect.forEach([...lists.map((list) => `/${list}?limit=200`), ...details], (path) => manage(path))
  yield* Effect.forEach(["/metrics", "/api/v1/health", "/api/v1/openapi.json"], (path) => call(path))
  yield* manage("/integrations/meta", undefined, "DELETE")

  // What goes wrong is logged.
  const { lines, rabbitMq, redis } = yield* Overheard
  const { queues } = yield* Settings
  yield* sql`UPDATE integration_secrets SET envelope = replace(envelope, 'v1.test.', 'v1.lost.')`
  const unopened = yield* call(`${hooks}/standard`, { body, headers: { "webhook-signature": "v1,AAAA", cookie } })
  assert.strictEqual(unopened.status, 503)
  yield* (yield* Broker).publish([{ queue: queues.process, content: "{\"v\":1" }])
  yield* Effect.all([redis.cut, rabbitMq.cut])
  yield* eventually(Effect.sync(() => lines.length), (_) => _ >= 3)
  yield* sql`UPDATE integration_secrets SET envelope = replace(envelope, 'v1.lost.', 'v1.test.')`
  yield* eventually(call("/api/v1/health"), (_) => _.status === 200)

  const signing = [...made, ...rotations, doomed].flatMap(shown)
  return { signing, received: [...moody.received, ...broken.received], integration: "/integrations/hmac" }
})

/** What is shown once, on purpose; of others there are hints. */
export const shown = ({ json }: Gateway.Answer) => named("signingSecret", json).filter((_) => _.startsWith("whsec_"))

export const withoutShown = (answer: Gateway.Answer) =>
  shown(answer).reduce((rest, secret) => rest.replaceAll(secret, ""), answer.text)
