import { assert } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { createHmac } from "node:crypto"
import { Delivery } from "../../src/domain/Delivery.ts"
import { Event } from "../../src/domain/Event.ts"
import type { Settings } from "../../src/services/Settings.ts"
import * as Gateway from "../support/Gateway.ts"
import * as Grounds from "../support/Grounds.ts"
import { TestDatabase } from "../support/TestDatabase.ts"

/** The API role alone, on the twins and a database of its own. */
export const onTwins = (changes: Partial<typeof Settings.Service> = {}) =>
  Gateway.api.pipe(Layer.provideMerge(Layer.merge(Grounds.twins(Grounds.settings(changes)), TestDatabase)))

/** How suites on a running gateway are run. */
export const live = { excludeTestServices: true, timeout: "30 seconds" } as const

const Failed = Schema.Struct({
  error: Schema.Struct({
    code: Schema.String,
    message: Schema.NonEmptyString,
    requestId: Schema.UUID,
    details: Schema.optionalWith(
      Schema.Array(Schema.Struct({ path: Schema.String, problem: Schema.NonEmptyString })),
      { exact: true }
    )
  })
})

const decodeFailed = Schema.decodeUnknownSync(Schema.parseJson(Failed), { onExcessProperty: "error" })

/** The error of an answer that has the one shape, with this status and code. */
export const failed = (answer: { readonly status: number; readonly text: string }, status: number, code: string) => {
  assert.strictEqual(answer.status, status, answer.text)
  const { error } = decodeFailed(answer.text)
  assert.strictEqual(error.code, code)
  return error
}

/** The paths that a 400 complains of, each once, in order. */
export const complaints = (answer: { readonly status: number; readonly text: string }): ReadonlyArray<string> => [
  ...new Set(failed(answer, 400, "validation_failed").details?.map(({ path }) => path))
]

export const signature = (body: string | Uint8Array, secret = Gateway.secret): string =>
  createHmac("sha256", secret).update(body).digest("hex")

/** A webhook for an integration of `Gateway.integration`, signed. */
export const webhook = (
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {}
): Gateway.Call & { readonly body: string | Uint8Array } => ({
  body,
  headers: { "x-signature": signature(body), ...headers }
})

export const port = Effect.map(Gateway.Gateway, ({ base }) => Number(new URL(base).port))

const page = <A, I>(item: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknown(
    Schema.Struct({ data: Schema.Array(item), nextCursor: Schema.NullOr(Schema.String) })
  )
  return Effect.fnUntraced(function*(path: string) {
    const { manage } = yield* Gateway.Gateway
    const answer = yield* manage(path)
    assert.strictEqual(answer.status, 200, answer.text)
    return yield* Effect.orDie(decode(answer.json))
  })
}

const eventPage = page(Event)
const deliveryPage = page(Delivery)

/** A page of events; the query without its question mark. */
export const events = (query = "") => eventPage(`/events?${query}`)

/** A page of deliveries. */
export const deliveries = (query = "") => deliveryPage(`/deliveries?${query}`)
