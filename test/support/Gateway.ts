import * as HttpServer from "@effect/platform/HttpServer"
import { SqlClient } from "@effect/sql"
import { Context, Effect, Layer, Schema } from "effect"
import { createHmac } from "node:crypto"
import { EventDetail } from "../../src/domain/Event.ts"
import * as Api from "../../src/layers/Api.ts"
import * as Worker from "../../src/layers/Worker.ts"
import { managementKey } from "./ManagementKey.ts"

/** What came back, with the body as text and as JSON where it is. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: unknown
}

export interface Call {
  readonly method?: string
  readonly body?: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

/** A running gateway, called over HTTP as everybody calls it. */
export class Gateway extends Context.Tag("sluice/test/support/Gateway")<Gateway, {
  readonly base: string
  /** Any request; a path begins behind the base. */
  readonly call: (path: string, call?: Call) => Effect.Effect<Answer>
  /** A management call with the key; a body makes it a POST unless said otherwise. */
  readonly manage: (path: string, body?: unknown, method?: string) => Effect.Effect<Answer>
}>() {}

/** The gateway that listens at an address. */
export const at = (base: string, key = managementKey): typeof Gateway.Service => {
  const call = (path: string, { body, headers = {}, method = body === undefined ? "GET" : "POST" }: Call = {}) =>
    Effect.promise(async (signal): Promise<Answer> => {
      const response = await fetch(base + path, { method, headers, signal, ...(body === undefined ? {} : { body }) })
      const text = await response.text()
      return { status: response.status, headers: response.headers, text, json: parse(text) }
    })
  return Gateway.of({
    base,
    call,
    manage: (path, body, method) =>
      call(`/api/v1${path}`, {
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(method === undefined ? {} : { method }),
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" }
      })
  })
}

const make = Effect.map(
  HttpServer.HttpServer,
  ({ address }) => at(`http://127.0.0.1:${address._tag === "TcpAddress" ? address.port : 0}`)
)

const parse = (text: string): unknown => {
  const result = Schema.decodeUnknownEither(Schema.parseJson())(text)
  return result._tag === "Right" ? result.right : undefined
}

// Nobody is left to be answered when a suite closes its gateway.
const listening = { host: "127.0.0.1", port: 0, limits: { linger: 0 } }

/** The API role alone. */
export const api = Layer.effect(Gateway, make).pipe(Layer.provideMerge(Api.http(listening)))

/** Both roles in one process. */
export const both = Layer.effect(Gateway, make).pipe(
  Layer.provideMerge(Worker.programs),
  Layer.provideMerge(Api.http(listening))
)

const Created = Schema.Struct({
  id: Schema.String,
  destinations: Schema.Array(Schema.Struct({ id: Schema.String, signingSecret: Schema.String }))
})

export const secret = "the-secret-of-the-tests"

/** An integration of provider `hmac` with one destination, and a way to send it signed webhooks. */
export const integration = Effect.fnUntraced(
  function*(slug: string, callbackUrl: string, more: Record<string, unknown> = {}) {
    const { call, manage } = yield* Gateway
    const { json } = yield* manage("/integrations", {
      slug,
      name: slug,
      provider: "hmac",
      secrets: [secret],
      callbackUrl,
      dedupe: { header: "x-id" },
      rateLimitPerMinute: null,
      ...more
    })
    const created = yield* Effect.orDie(Schema.decodeUnknown(Created)(json))
    const send = (id: string, body = `{"id":"${id}"}`) =>
      call(`/api/v1/webhooks/${slug}`, {
        body,
        headers: {
          "content-type": "application/json",
          "x-id": id,
          "x-signature": createHmac("sha256", secret).update(body).digest("hex")
        }
      })
    return { ...created, send }
  }
)

export type Source = Effect.Effect.Success<ReturnType<typeof integration>>

const Accepted = Schema.Struct({ eventId: Schema.String, duplicate: Schema.Boolean })

/** The answer to a webhook that was accepted. */
export const accepted = (answer: Answer) => Effect.orDie(Schema.decodeUnknown(Accepted)(answer.json))

/** An event as the management API shows it. */
export const event = Effect.fnUntraced(function*(id: string) {
  const { manage } = yield* Gateway
  return yield* Effect.orDie(Schema.decodeUnknown(EventDetail)((yield* manage(`/events/${id}`)).json))
})

/** How many audit entries tell of an action on a subject. */
export const audited = Effect.fnUntraced(function*(action: string, subjectId: string) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ count: number }>`
    SELECT count(*)::int FROM audit_entries WHERE action = ${action} AND subject_id = ${subjectId}::uuid`
  return row?.count ?? 0
})
