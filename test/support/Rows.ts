import { SqlClient } from "@effect/sql"
import { Effect } from "effect"
import { DeliveryId, DestinationId, EventId, IntegrationId } from "../../src/domain/Ids.ts"
import type { DeliveryMessage } from "../../src/domain/QueueMessage.ts"
import * as Signing from "../../src/domain/Signing.ts"
import * as Ids from "../../src/services/Ids.ts"
import type { Next } from "../../src/services/store/DispatchStore.ts"
import { EventStore, type NewEvent } from "../../src/services/store/EventStore.ts"
import { Vault } from "../../src/services/Vault.ts"

/** An integration with a destination, straight into the tables. */
export const destination = Effect.fnUntraced(function*(url = "http://127.0.0.1:1/hook") {
  const sql = yield* SqlClient.SqlClient
  const vault = yield* Vault
  const integrationId = IntegrationId.make(yield* Ids.next)
  const id = DestinationId.make(yield* Ids.next)
  const envelope = yield* vault.seal(`signing:${id}`, Signing.secretOf(new Uint8Array(24)))
  yield* sql`
    INSERT INTO integrations (id, slug, name, provider) VALUES (${integrationId}, ${`rows-${
    integrationId.slice(-12)
  }`}, 'rows', 'hmac')`
  yield* sql`
    INSERT INTO destinations (id, integration_id, url, signing_envelope)
    VALUES (${id}, ${integrationId}, ${url}, ${envelope})`
  return { id, integrationId, url }
})

export interface To {
  readonly id: DestinationId
  readonly integrationId: IntegrationId
}

let serial = 0

/** A webhook for some destinations, ready for the store. */
export const newEvent = (to: ReadonlyArray<To>, changes: Partial<NewEvent> = {}): NewEvent => {
  const now = Date.now()
  serial += 1
  return {
    id: EventId.make(Ids.at(now)),
    integrationId: to[0]?.integrationId ?? IntegrationId.make(Ids.at(now)),
    dedupeKey: `key-${serial}`,
    providerEventId: null,
    type: "thing.happened",
    contentType: "application/json",
    receivedAt: now,
    path: "",
    query: "",
    headers: "{\"content-type\":[\"application/json\"]}",
    sealedHeaders: null,
    body: new TextEncoder().encode("{\"n\":1}"),
    deliveries: to.map(({ id }) => ({ id: DeliveryId.make(Ids.at(now)), destinationId: id, held: false })),
    delayMs: 0,
    seen: false,
    ...changes
  }
}

/** Stores events for a destination; their deliveries' first messages. */
export const deliveries = Effect.fnUntraced(function*(to: To, count: number) {
  const events = Array.from({ length: count }, () => newEvent([to]))
  yield* (yield* EventStore).insert(events)
  return events.flatMap((event) => event.deliveries.map(({ id }) => message(id, to.id)))
})

export const message = (
  deliveryId: DeliveryId,
  destinationId: DestinationId,
  generation = 1,
  attempt = 1
): typeof Next.Type => ({ v: 1, deliveryId, generation, attempt, destinationId })

type Message = Pick<DeliveryMessage, "deliveryId"> | undefined

/** The columns of a delivery that decide where it goes. */
export const row = Effect.fnUntraced(function*(message: Message) {
  const sql = yield* SqlClient.SqlClient
  const [found] = yield* sql<
    {
      readonly state: string
      readonly generation: number
      readonly next_attempt: number
      readonly attempt_count: number
      readonly due: boolean
    }
  >`
    SELECT state, generation, next_attempt, attempt_count, due_at IS NOT NULL AS due FROM deliveries WHERE id = ${message?.deliveryId}`
  return found
})

/** Sets columns of a delivery as a test needs them, such as times that have passed. */
export const set = (message: Message, assignments: string) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => sql`UPDATE deliveries SET ${sql.literal(assignments)} WHERE id = ${message?.deliveryId}`
  )

/** How many calls are recorded for a delivery. */
export const attempts = Effect.fnUntraced(function*(message: Message) {
  const sql = yield* SqlClient.SqlClient
  const [found] = yield* sql<{ readonly count: number }>`
    SELECT count(*)::int FROM attempts WHERE delivery_id = ${message?.deliveryId}`
  return found?.count
})
