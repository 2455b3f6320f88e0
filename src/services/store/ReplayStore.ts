import { SqlClient } from "@effect/sql"
import { Context, Duration, Effect, Layer, Option, Schema } from "effect"
import { Filter } from "../../domain/Filter.ts"
import { DestinationId, IntegrationId, ReplayId } from "../../domain/Ids.ts"
import type { DeliveryMessage, ReplayMessage } from "../../domain/QueueMessage.ts"
import { Replay } from "../../domain/Replay.ts"
import * as Renewal from "./Renewal.ts"
import { replayJson } from "./ReplayReader.ts"
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
  /** Ends a replay of any kind that has not ended; none otherwise. */
  readonly cancel: (id: string) => Effect.Effect<Option.Option<Replay>, StoreError>
  /** What to ask for again: replays, and slices of bulk replays, that have been due longer than the grace. */
  readonly waiting: (grace: Duration.Duration, limit: number) => Effect.Effect<ReadonlyArray<ReplayMessage>, StoreError>
}>() {
  static readonly layer = Layer.effect(ReplayStore, Effect.suspend(() => make))
}

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  const renew = Effect.fnUntraced(function*({ destinationIds, eventId, id }: typeof Started.Type) {
    const { messages } = yield* Renewal.renew(
      sql,
      id,
      destinationIds.map((destinationId) => ({ eventId, destinationId })),
      "any"
    )
    yield* guarded(sql`UPDATE replays SET status = 'completed', done = total, updated_at = now() WHERE id = ${id}`)
    return messages
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
        RETURNING ${replayJson(sql)} AS value`.pipe(guarded, Effect.flatMap(rows(Schema.Struct({ value: Replay }))))
      return yield* Effect.orDie(Effect.fromNullable(replay?.value))
    }),

    run: Effect.fn("ReplayStore.run")(function*(id) {
      const start = sql`
        UPDATE replays SET status = 'running' WHERE id = ${id} AND status = 'queued' AND scope IS NULL
        RETURNING id, event_id AS "eventId", destination_ids AS "destinationIds"`.pipe(
        guarded,
        Effect.flatMap(rows(Started))
      )
      return yield* transaction(
        sql,
        Effect.flatMap(start, ([started]) => started === undefined ? Effect.succeed([]) : renew(started))
      )
    }),

    cancel: Effect.fn("ReplayStore.cancel")(function*(id) {
      const [cancelled] = yield* sql`
        UPDATE replays r SET status = 'cancelled', updated_at = now()
        WHERE id = ${id} AND status IN ('queued', 'running')
        RETURNING ${replayJson(sql)} AS value`.pipe(guarded, Effect.flatMap(rows(Schema.Struct({ value: Replay }))))
      return Option.map(Option.fromNullable(cancelled), (_) => _.value)
    }),

    waiting: Effect.fn("ReplayStore.waiting")(function*(grace, limit) {
      const since = sql`now() - ${Duration.toMillis(grace)}::float8 * interval '1 millisecond'`
      const found = yield* sql`
        SELECT id AS "replayId", CASE WHEN scope IS NOT NULL THEN slice END AS slice FROM replays
        WHERE status IN ('queued', 'running') AND updated_at < ${since} AND coalesce(next_slice_at < ${since}, true)
        ORDER BY updated_at LIMIT ${limit}`.pipe(guarded, Effect.flatMap(rows(Waiting)))
      return found.map(({ replayId, slice }): ReplayMessage =>
        slice === null ? { v: 1, replayId } : { v: 1, replayId, slice }
      )
    })
  })
})

const Waiting = Schema.Struct({ replayId: ReplayId, slice: Schema.NullOr(Schema.Int) })

const Started = Schema.Struct({ id: ReplayId, eventId: Schema.String, destinationIds: Schema.Array(Schema.String) })
