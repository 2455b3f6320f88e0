import { SqlClient } from "@effect/sql"
import { Clock, Context, Effect, Layer, Option, Redacted, Struct } from "effect"
import { createHmac, randomBytes } from "node:crypto"
import { type Conflict, type Invalid, NotFound } from "../domain/Errors.ts"
import { DeliveryId, type DestinationId, EventId } from "../domain/Ids.ts"
import type { Integration } from "../domain/Integration.ts"
import { Destinations } from "./Destinations.ts"
import { Directory, type UnknownScheme } from "./Directory.ts"
import * as Ids from "./Ids.ts"
import { Integrations } from "./Integrations.ts"
import { EventStore, type NewEvent } from "./store/EventStore.ts"
import { guarded, type StoreError } from "./store/Store.ts"
import type { VaultError } from "./Vault.ts"

/** A webhook that the demo's integration accepts. Each delivery id makes it a new one. */
export interface Signed {
  readonly slug: string
  readonly body: string
  readonly signature: string
}

/** Something to try things out with: an integration whose callback is the gateway's own delivery sink. */
export class Demo extends Context.Tag("sluice/services/Demo")<Demo, {
  /**
   * Makes the integration, or points it at where the sink is now, unless somebody has given it another callback. Where it was
   * deleted it stays so.
   */
  readonly ensure: (sink: string) => Effect.Effect<void, Invalid | Conflict | NotFound | StoreError>
  readonly signed: Effect.Effect<Signed, NotFound | StoreError | VaultError | UnknownScheme>
  /** A few events of it in every state; those that are there already stay as they are. It is made anew where it was deleted. */
  readonly seed: (sink: string) => Effect.Effect<number, Invalid | Conflict | NotFound | StoreError>
}>() {
  static readonly layer = Layer.effect(Demo, Effect.suspend(() => make))
}

const slug = "demo"
const actor = "seed"
const secretBytes = 24
const pathOf = (url: string) => new URL(url).pathname
const body = JSON.stringify({ action: "opened", issue: { number: 1, title: "The coffee machine is out of beans" } })

const make = Effect.gen(function*() {
  const destinations = yield* Destinations
  const directory = yield* Directory
  const events = yield* EventStore
  const integrations = yield* Integrations
  const sql = yield* SqlClient.SqlClient

  const create = (sink: string) =>
    Effect.map(
      integrations.create(actor, {
        slug,
        name: "Demo",
        provider: "github",
        secrets: [Redacted.make(randomBytes(secretBytes).toString("base64url"))],
        callbackUrl: sink
      }),
      (_) => _.integration
    )

  const isDeleted = guarded(sql`
    SELECT FROM integrations WHERE slug = ${slug} GROUP BY slug HAVING bool_and(deleted_at IS NOT NULL)`).pipe(
    Effect.map((found) => found.length > 0)
  )

  const getOrCreate = Effect.fnUntraced(function*(sink: string) {
    const integration = yield* Effect.catchTag(integrations.get(slug), "NotFound", () => create(sink))
    const [first] = integration.destinations
    if (first !== undefined && first.url !== sink && pathOf(first.url) === pathOf(sink)) {
      yield* destinations.update(actor, first.id, { url: sink })
    }
    return integration
  })

  const seedOne = Effect.fnUntraced(
    function*(integration: Integration, destinationId: DestinationId, state: keyof typeof states) {
      const now = yield* Clock.currentTimeMillis
      const deliveryId = DeliveryId.make(Ids.at(now))
      const event: NewEvent = {
        id: EventId.make(Ids.at(now)),
        integrationId: integration.id,
        dedupeKey: `demo-${state}`,
        providerEventId: `demo-${state}`,
        type: "issues.opened",
        contentType: "application/json",
        receivedAt: now,
        path: "",
        query: "",
        headers: JSON.stringify({
          "content-type": ["application/json"],
          "x-github-event": ["issues"],
          "x-github-delivery": [`demo-${state}`]
        }),
        sealedHeaders: null,
        body: new TextEncoder().encode(body),
        deliveries: state === "unrouted" ? [] : [{ id: deliveryId, destinationId, held: state === "held" }],
        delayMs: 0,
        seen: false
      }
      const [stored] = yield* Effect.flatMap(events.insert([event]), Effect.all)
      if (stored?.duplicate !== false) return false
      const { failed, made, set } = states[state]
      yield* guarded(sql`UPDATE deliveries SET ${sql.literal(set)} WHERE id = ${deliveryId}`)
      yield* guarded(sql`
      INSERT INTO attempts (delivery_id, generation, number, started_at, duration_ms, outcome, http_status, error, response_body)
      SELECT ${deliveryId}, 1, number, now(), 12,
        CASE WHEN number > ${failed} THEN 'success' ELSE 'failure' END,
        CASE WHEN number > ${failed} THEN 200 ELSE 500 END,
        CASE WHEN number > ${failed} THEN NULL ELSE 'HTTP 500' END, ''
      FROM generate_series(1, ${made}) AS number`)
      return true
    }
  )

  return Demo.of({
    ensure: Effect.fn("Demo.ensure")(function*(sink) {
      if (yield* isDeleted) {
        return yield* new NotFound({ message: `The integration "${slug}" was deleted; npm run db:seed makes it anew.` })
      }
      yield* getOrCreate(sink)
    }),

    signed: Effect.gen(function*() {
      const listed = Option.filter(yield* directory.find(slug), ({ status }) => status === "active")
      const now = yield* directory.now
      const [secret] = Option.match(listed, { onNone: () => [], onSome: (_) => _.secretsAt(now) })
      if (secret === undefined) {
        return yield* new NotFound({ message: `The integration "${slug}" is disabled or has no valid secret.` })
      }
      return {
        slug,
        body,
        signature: `sha256=${createHmac("sha256", Redacted.value(secret)).update(body).digest("hex")}`
      }
    }),

    seed: Effect.fn("Demo.seed")(function*(sink) {
      const integration = yield* getOrCreate(sink)
      const [active = yield* Effect.dieMessage("the demo has no destination"), second] = integration.destinations
      // Its filter keeps it out of the way of the webhooks that people send.
      const paused = second ??
        (yield* destinations.create(actor, integration, { url: sink, filter: { types: ["demo.held"] } })).destination
      yield* destinations.setStatus(actor, paused.id, "paused")
      const added = yield* Effect.forEach(
        Struct.keys(states),
        (state) => seedOne(integration, state === "held" ? paused.id : active.id, state)
      )
      return added.filter((_) => _).length
    })
  })
})

const tried = (made: number, failed: number, set: string) => ({
  made,
  failed,
  set: `attempt_count = ${made}, next_attempt = ${made + 1}, ${set}`
})

/** What each state looks like in the row of a delivery, and the attempts that led there. */
const states = {
  unrouted: { made: 0, failed: 0, set: "updated_at = now()" },
  pending: { made: 0, failed: 0, set: "updated_at = now()" },
  queued: { made: 0, failed: 0, set: "state = 'queued', queued_at = now()" },
  delivering: {
    made: 0,
    failed: 0,
    set: "state = 'delivering', claim_token = gen_random_uuid(), lease_until = now() + interval '1 hour'"
  },
  retrying: tried(1, 1, "state = 'retrying', due_at = now() + interval '1 hour', last_error = 'HTTP 500'"),
  held: { made: 0, failed: 0, set: "updated_at = now()" },
  delivered: tried(2, 1, "state = 'delivered', due_at = NULL"),
  dead: tried(3, 3, "state = 'dead', due_at = NULL, failed_at = now(), last_error = 'HTTP 500'"),
  cancelled: { made: 0, failed: 0, set: "state = 'cancelled', due_at = NULL, failed_at = now()" }
}
