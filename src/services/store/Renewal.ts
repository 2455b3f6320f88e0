import type { SqlClient, Statement } from "@effect/sql"
import { Effect, Schema } from "effect"
import type { DeliveryMessage } from "../../domain/QueueMessage.ts"
import * as Ids from "../Ids.ts"
import { Next } from "./DispatchStore.ts"
import { guarded, rows, type StoreError } from "./Store.ts"

/** An event and where it is to go. */
export const Target = Schema.Struct({ eventId: Schema.String, destinationId: Schema.String })
export type Target = typeof Target.Type

/** Which deliveries may be renewed: any, also such as are not there yet, or only those that stand like this still. */
export type Among = "any" | "dead"

export interface Renewed {
  readonly targets: ReadonlyArray<Target>
  /** What is to be published for them. */
  readonly messages: ReadonlyArray<DeliveryMessage>
}

/**
 * Within a transaction: gives the deliveries of the targets a new generation with a fresh budget, and makes those that are
 * not there.
 */
export const renew = Effect.fn("Renewal.renew")(function*(
  sql: SqlClient.SqlClient,
  replayId: string,
  wanted: ReadonlyArray<Target>,
  among: Among
): Effect.fn.Return<Renewed, StoreError> {
  if (wanted.length === 0) return { targets: [], messages: [] }
  // By delivery, as everybody locks who changes several, and before what is not there is inserted by event.
  const locked = yield* sql`
    SELECT d.event_id AS "eventId", d.destination_id AS "destinationId"
    FROM unnest(${eventIds(wanted)}::uuid[], ${destinationIds(wanted)}::uuid[]) AS target (event_id, destination_id)
    JOIN deliveries d ON d.event_id = target.event_id AND d.destination_id = target.destination_id
    WHERE ${conditions(sql)[among]}
    ORDER BY d.id
    FOR UPDATE OF d`.pipe(guarded, Effect.flatMap(rows(Target)))
  const targets = among === "any" ? wanted : locked
  const deliveryIds = yield* Effect.forEach(targets, () => Ids.next)
  const messages = yield* sql`
    INSERT INTO deliveries (
      id, event_id, event_received_at, integration_id, destination_id, state, due_at, replay_id
    )
    SELECT target.id, events.id, events.received_at, events.integration_id, target.destination_id, 'pending', now(),
      ${replayId}::uuid
    FROM unnest(
      ${deliveryIds}::uuid[], ${eventIds(targets)}::uuid[], ${destinationIds(targets)}::uuid[]
    ) AS target (id, event_id, destination_id)
    JOIN events ON events.id = target.event_id
    ORDER BY target.event_id, target.destination_id
    ON CONFLICT ON CONSTRAINT deliveries_once DO UPDATE SET
      generation = deliveries.generation + 1,
      next_attempt = 1,
      state = 'pending',
      due_at = now(),
      queued_at = NULL,
      held_at = NULL,
      failed_at = NULL,
      claim_token = NULL,
      lease_until = NULL,
      last_error = NULL,
      replay_id = excluded.replay_id,
      updated_at = now()
    RETURNING 1 AS v, id AS "deliveryId", generation, next_attempt AS attempt, destination_id AS "destinationId"`
    .pipe(
      guarded,
      Effect.flatMap(rows(Next))
    )
  yield* guarded(sql`
    UPDATE events SET unrouted = false
    WHERE id IN (
      SELECT id FROM events WHERE id = ANY(${eventIds(targets)}::uuid[]) AND unrouted ORDER BY id FOR UPDATE
    )`)
  return { targets, messages }
})

const conditions = (sql: SqlClient.SqlClient): Readonly<Record<Among, Statement.Fragment>> => ({
  any: sql`true`,
  dead: sql`d.failed_at IS NOT NULL AND d.state = 'dead'`
})

const eventIds = (targets: ReadonlyArray<Target>): ReadonlyArray<string> => targets.map((_) => _.eventId)

const destinationIds = (targets: ReadonlyArray<Target>): ReadonlyArray<string> => targets.map((_) => _.destinationId)
