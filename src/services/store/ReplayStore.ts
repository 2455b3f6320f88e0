import { SqlClient } from "@effect/sql"
import { Context, Duration, Effect, Layer, Option, Schema } from "effect"
import { Filter } from "../../domain/Filter.ts"
import { DestinationId, IntegrationId, ReplayId } from "../../domain/Ids.ts"
import type { DeliveryMessage } from "../../domain/QueueMessage.ts"
import { Replay } from "../../domain/Replay.ts"
import * as Ids from "../Ids.ts"
import { Next } from "./DispatchStore.ts"
import { guarded, rows, type StoreError, transaction } from "./Store.ts"

/** What decides where a replayed event goes. */
export const Replayable = Schema.Struct({
  integrationId: IntegrationId,
  type: Schema.OptionFromNullOr(Schema.String),
  /** Null when it is no longer kept. */
  body: Schema.NullOr(Schema.Uint8ArrayFromSelf),
  /** The integration's destinations; `tried` where the event has a delivery already. */
  destinations: Schema.Array(Schema.Struct({ id: DestinationId, filter: Filter, tried: Schema.Boolean }))
})
export type Replayable = typeof Replayable.Type

export interface NewReplay {
  readonly id: string
  readonly eventId: string
  readonly destinationId: string | null
  readonly destinationIds: ReadonlyArray<string>
  readonly reason: string
  readonly actor: string
}

/** The rows of replays, and what they do to deliveries. */
export class ReplayStore extends Context.Tag("sluice/services/store/ReplayStore")<ReplayStore, {
  readonly replayable: (eventId: string) => Effect.Effect<Option.Option<Replayable>, StoreError>
  readonly insert: (replay: NewReplay) => Effect.Effect<Replay, StoreError>
  /**
   * Gives each delivery of a waiting replay a new generation with a fresh budget, and completes the replay, in one
   * transaction; the messages to publish. Nothing when it is not waiting any more.
   */
  readonly run: (id: string) => Effect.Effect<ReadonlyArray<DeliveryMessage>, StoreError>
  /** Replays that have been waiting longer than the grace. */
  readonly waiting: (grace: Duration.Duration, limit: number) => Effect.Effect<ReadonlyArray<ReplayId>, StoreError>
}>() {
  static readonly layer = Layer.effect(ReplayStore, Effect.suspend(() => make))
}

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  const renew = Effect.fnUntraced(function*({ destinationIds, eventId, id }: typeof Started.Type) {
    const deliveryIds = yield* Effect.forEach(destinationIds, () => Ids.next)
    const renewed = yield* sql`
      INSERT INTO deliveries (
        id, event_id, event_received_at, integration_id, destination_id, state, due_at, replay_id
      )
      SELECT target.id, events.id, events.received_at, events.integration_id, target.destination_id, 'pending', now(), ${id}
      FROM unnest(${deliveryIds}::uuid[], ${destinationIds}::uuid[]) AS target (id, destination_id)
      JOIN events ON events.id = ${eventId}
      ORDER BY target.destination_id
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
    yield* guarded(sql`UPDATE events SET unrouted = false WHERE id = ${eventId} AND unrouted`)
    yield* guarded(sql`UPDATE replays SET status = 'completed', done = total, updated_at = now() WHERE id = ${id}`)
    return renewed
  })

  return ReplayStore.of({
    replayable: Effect.fn("ReplayStore.replayable")(function*(eventId) {
      const [found] = yield* sql`
        SELECT events.integration_id AS "integrationId", events.type, content.body,
          (
            SELECT coalesce(json_agg(json_build_object(
              'id', d.id, 'filter', d.filter,
              'tried', EXISTS (SELECT FROM deliveries WHERE event_id = events.id AND destination_id = d.id)
            )), '[]')
            FROM destinations d WHERE d.integration_id = events.integration_id AND d.deleted_at IS NULL
          ) AS destinations
        FROM events
        LEFT JOIN event_bodies content ON content.event_id = events.id AND content.received_at = events.received_at
        WHERE events.id = ${eventId}`.pipe(guarded, Effect.flatMap(rows(Replayable)))
      return Option.fromNullable(found)
    }),

    insert: Effect.fn("ReplayStore.insert")(function*(_) {
      const [replay] = yield* sql`
        INSERT INTO replays AS r (id, event_id, destination_id, destination_ids, reason, actor, total)
        VALUES (
          ${_.id}, ${_.eventId}, ${_.destinationId}, ${_.destinationIds}::uuid[], ${_.reason}, ${_.actor},
          ${_.destinationIds.length}
        )
        RETURNING json_build_object(
          'id', r.id, 'status', r.status, 'total', r.total, 'done', r.done, 'reason', r.reason, 'actor', r.actor,
          'eventId', r.event_id, 'destinationId', r.destination_id, 'createdAt', r.created_at, 'updatedAt', r.updated_at
        ) AS value`.pipe(guarded, Effect.flatMap(rows(Schema.Struct({ value: Replay }))))
      return yield* Effect.orDie(Effect.fromNullable(replay?.value))
    }),

    run: Effect.fn("ReplayStore.run")(function*(id) {
      const start = sql`
        UPDATE replays SET status = 'running' WHERE id = ${id} AND status = 'queued'
        RETURNING id, event_id AS "eventId", destination_ids AS "destinationIds"`.pipe(
        guarded,
        Effect.flatMap(rows(Started))
      )
      return yield* transaction(
        sql,
        Effect.flatMap(start, ([started]) => started === undefined ? Effect.succeed([]) : renew(started))
      )
    }),

    waiting: Effect.fn("ReplayStore.waiting")(function*(grace, limit) {
      const found = yield* sql`
        SELECT id FROM replays
        WHERE status = 'queued' AND updated_at < now() - ${Duration.toMillis(grace)}::float8 * interval '1 millisecond'
        ORDER BY updated_at LIMIT ${limit}`.pipe(guarded, Effect.flatMap(rows(Schema.Struct({ id: ReplayId }))))
      return found.map((_) => _.id)
    })
  })
})

const Started = Schema.Struct({ id: ReplayId, eventId: Schema.String, destinationIds: Schema.Array(Schema.String) })
