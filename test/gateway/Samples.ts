import { assert } from "@effect/vitest"
import { Effect, Schema } from "effect"
import type { Queues } from "../../src/domain/Queues.ts"
import type { Route } from "../http/management/Routes.ts"
import * as Gateway from "../support/Gateway.ts"

/** A call of each route that does something, on what there is. */
export interface Samples {
  /** Behind `/api/v1`. */
  readonly path: (route: Route) => string
  readonly body: (route: Route) => unknown
}

/** As `GET /events/{id}`. */
export const name = ({ method, template }: Route): string => `${method} ${template.replace("/api/v1", "")}`

/** What a call of a sample may be answered while all is well. */
export const normal = [200, 201, 202, 204, 404, 409, 429]

/** Those that are answered as ever while PostgreSQL is away. */
export const withoutDatabase: ReadonlySet<string> = new Set([
  "GET /health/live",
  "GET /providers",
  "GET /queues",
  "GET /queues/{name}/messages"
])

const nothing = "019ab1f0-0000-7000-8000-000000000000"
const url = "http://127.0.0.1:9/hook"

/** Bodies that are taken. A route that is not here is called without fields. */
const bodies: Readonly<Record<string, unknown>> = {
  "POST /integrations": { slug: "made-in-an-outage", name: "n", provider: "hmac", secrets: [Gateway.secret] },
  "PATCH /integrations/{id}": { name: "renamed" },
  "POST /integrations/{id}/destinations": { url },
  "PATCH /destinations/{id}": { url },
  "POST /events/{id}/replay": { reason: "an outage" },
  "POST /integrations/{id}/secrets": { secret: `another ${Gateway.secret}` },
  "PATCH /integrations/{id}/secrets/{secretId}": { validUntil: null },
  "POST /replays": { filter: { integration: "sampled" }, reason: "an outage" },
  "POST /dead-letters/replay": { filter: { integration: "sampled" }, reason: "an outage" }
}

const withBody: ReadonlySet<string> = new Set(["POST", "PATCH"])

/** Makes what the samples are about. */
export const make = Effect.fnUntraced(function*({ deadLetter }: Queues) {
  const { manage } = yield* Gateway.Gateway
  const { destinations, id, send } = yield* Gateway.integration("sampled", url)
  const { eventId } = yield* Gateway.accepted(yield* send("one"))
  const event = yield* Gateway.event(eventId)
  const replay = yield* manage(`/events/${eventId}/replay`, { reason: "a sample" })
  const ids: Readonly<Record<string, string | undefined>> = {
    integrations: id,
    destinations: destinations[0]?.id,
    events: eventId,
    deliveries: event.deliveries[0]?.id,
    replays: (yield* Effect.orDie(Schema.decodeUnknown(Identified)(replay.json))).id
  }
  for (const known of Object.values(ids)) assert.isString(known)

  const samples: Samples = {
    path: ({ method, template }) =>
      template.replace("/api/v1", "")
        .replace("{name}", deadLetter)
        // What is deleted would be missing for the others.
        .replace(/\/(\w+)\/\{id\}/, (_, kind: string) =>
          `/${kind}/${method === "DELETE" ? nothing : ids[kind] ?? nothing}`)
        .replace(/\{\w+\}/g, nothing),
    body: (route) => bodies[name(route)] ?? (withBody.has(route.method) ? {} : undefined)
  }
  return samples
})

const Identified = Schema.Struct({ id: Schema.String })
