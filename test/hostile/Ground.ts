// @effect-diagnostics strictEffectProvide:off
import * as HttpServer from "@effect/platform/HttpServer"
import { SqlClient } from "@effect/sql"
import { assert } from "@effect/vitest"
import { Array, Context, Duration, Effect, Layer, Logger, Redacted } from "effect"
import { inject } from "vitest"
import * as Api from "../../src/layers/Api.ts"
import { signature } from "../http/Api.ts"
import * as Gateway from "../support/Gateway.ts"
import * as Grounds from "../support/Grounds.ts"
import { managementKey } from "../support/ManagementKey.ts"
import { TestDatabase } from "../support/TestDatabase.ts"
import * as Connection from "./Connection.ts"
import * as Judge from "./Judge.ts"

/** What the gateway under attack has said beside its answers. */
class Witness extends Context.Tag("sluice/test/hostile/Ground/Witness")<Witness, {
  /** The lines of its log, and the warnings of Node. Taken, they are gone. */
  readonly take: Effect.Effect<{ readonly lines: ReadonlyArray<string>; readonly warnings: ReadonlyArray<string> }>
}>() {}

const settings = Grounds.settings({ bodyTimeout: Duration.millis(700), maxWebhookBytes: 1_000_000 })

/** What must not be seen anywhere. */
export const secrets: ReadonlyArray<string> = [
  managementKey,
  Gateway.secret,
  inject("postgresUrl"),
  ...settings.encryptionKeys.flatMap(({ bytes }) => {
    const key = Buffer.from(Redacted.value(bytes))
    return [key.toString("base64"), key.toString("hex")]
  })
]

// A test is as slow as the limits that it runs into; a machine under load needs more than a moment for honest requests.
const limits = { headers: 1_500, request: 2_500, answer: 1_000, keepAlive: 1_000, checking: 100 }

const listening = Layer.effect(
  Gateway.Gateway,
  Effect.map(
    HttpServer.HttpServer,
    ({ address }) => Gateway.at(`http://127.0.0.1:${address._tag === "TcpAddress" ? address.port : 0}`)
  )
).pipe(Layer.provideMerge(Api.http({ host: "127.0.0.1", port: 0, limits })))

/** The API role on the twins, with short limits, its log and the warnings of Node overheard. */
export const ground = Layer.unwrapScoped(Effect.gen(function*() {
  const lines: Array<string> = []
  const warnings: Array<string> = []
  const overhear = ({ message }: Error) => void warnings.push(message)
  yield* Effect.acquireRelease(
    Effect.sync(() => process.on("warning", overhear)),
    () => Effect.sync(() => process.off("warning", overhear))
  )
  return listening.pipe(
    Layer.provide(Logger.replace(Logger.defaultLogger, Logger.map(Logger.jsonLogger, (line) => void lines.push(line)))),
    Layer.provideMerge(Layer.succeed(Witness, {
      take: Effect.sync(() => ({ lines: lines.splice(0), warnings: warnings.splice(0) }))
    })),
    Layer.provideMerge(Layer.merge(Grounds.twins(settings), TestDatabase))
  )
}))

/** How suites are run here. */
export const live = { excludeTestServices: true, timeout: "30 seconds" } as const

const portOf = ({ base }: typeof Gateway.Gateway.Service): number => Number(new URL(base).port)

const usually = 20

/** Sends each on a connection of its own and judges what comes back. */
export const send = Effect.fnUntraced(function*(all: ReadonlyArray<Connection.Sent>, concurrency = usually) {
  const port = portOf(yield* Gateway.Gateway)
  const exchanges = yield* Effect.forEach(all, (sent) => Connection.exchange(port, sent), { concurrency })
  blameless(exchanges.flatMap((_) => Judge.exchange(_, secrets)))
  return exchanges
})

const blameless = (problems: ReadonlyArray<string>): void => {
  if (problems.length > 0) assert.fail(problems.slice(0, 5).join("\n"))
}

/** A name that is not taken. */
export const fresh = (() => {
  let serial = 0
  return (what: string) => `${what}-${serial += 1}`
})()

// What reads its input again for each part of it takes minutes; a machine at its limit takes a second or two for the rest.
const aMoment = "10 seconds"

/** Fails where something takes far longer than any machine needs. Not a measure of speed: `bench/` is. */
export const prompt = <A, E, R>(what: string, effect: Effect.Effect<A, E, R>) =>
  effect.pipe(
    Effect.timeoutFail({ duration: aMoment, onTimeout: () => `${what} took longer than ${aMoment}` }),
    Effect.orDie
  )

/** After whatever was done to it: it lives, answers at once, takes a webhook, and has said nothing that it should not. */
export const unharmed = Effect.gen(function*() {
  const { call } = yield* Gateway.Gateway
  const live = yield* prompt("/health/live", call("/api/v1/health/live"))
  assert.deepStrictEqual([live.status, live.text], [200, "{\"status\":\"ok\"}"])
  const slug = fresh("unharmed")
  const { send } = yield* Gateway.integration(slug, "http://127.0.0.1:9/hook")
  const answer = yield* prompt("A webhook", send("one"))
  assert.include([200, 202], answer.status, answer.text)
  const { lines, warnings } = yield* (yield* Witness).take
  blameless([...lines.flatMap((line) => Judge.logLine(line, secrets)), ...warnings])
})

/** How many events an integration has. */
export const stored = Effect.fnUntraced(function*(slug: string) {
  const sql = yield* SqlClient.SqlClient
  return yield* sql<{ readonly id: string; readonly body: Buffer }>`
    SELECT e.id, b.body FROM events e JOIN integrations i ON i.id = e.integration_id
    JOIN event_bodies b ON b.event_id = e.id WHERE i.slug = ${slug} ORDER BY e.id`
})

/** Everything that was stored can still be shown, and every integration can be called. */
export const readable = Effect.gen(function*() {
  const { call, manage } = yield* Gateway.Gateway
  const sql = yield* SqlClient.SqlClient
  const integrations = yield* sql<{ id: string }>`SELECT id FROM integrations WHERE deleted_at IS NULL`
  const shown = yield* Effect.forEach(
    ["/events?limit=200", "/deliveries?limit=200", ...integrations.map(({ id }) => `/integrations/${id}`)],
    (path) => manage(path),
    { concurrency: usually }
  )
  assert.deepStrictEqual(Array.dedupe(shown.map((_) => _.status)), [200])
  const called = yield* Effect.forEach(
    integrations,
    ({ id }) => call(`/api/v1/webhooks/${id}`, { body: "{}", headers: { "x-signature": signature("other") } }),
    { concurrency: usually }
  )
  blameless(called.flatMap(({ status, text }) => status < 500 ? [] : [text]))
})
