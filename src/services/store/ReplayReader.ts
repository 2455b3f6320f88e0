import { SqlClient, type Statement } from "@effect/sql"
import { Context, Effect, Layer, Option, Schema } from "effect"
import type { ReplayId } from "../../domain/Ids.ts"
import { Replay, type ReplayStatus } from "../../domain/Replay.ts"
import { given } from "./Conditions.ts"
import { guarded, rows, type StoreError } from "./Store.ts"

export interface ReplayQuery {
  readonly status: Option.Option<ReplayStatus>
  readonly before: Option.Option<string>
  readonly limit: number
}

/** Replays, as operators see them. */
export class ReplayReader extends Context.Tag("sluice/services/store/ReplayReader")<ReplayReader, {
  /** Newest first, those before the cursor. */
  readonly list: (query: ReplayQuery) => Effect.Effect<ReadonlyArray<Replay>, StoreError>
  readonly find: (id: ReplayId) => Effect.Effect<Option.Option<Replay>, StoreError>
}>() {
  static readonly layer = Layer.effect(ReplayReader, Effect.suspend(() => make))
}

/** A replay `r` as JSON. */
export const replayJson = (sql: SqlClient.SqlClient): Statement.Fragment =>
  sql`json_build_object(
    'id', r.id, 'kind', coalesce(r.scope->>'kind', 'event'), 'status', r.status, 'total', r.total, 'done', r.done,
    'skipped', r.skipped, 'deliveries', CASE WHEN r.scope IS NULL THEN r.done ELSE r.deliveries END,
    'reason', r.reason, 'actor', r.actor, 'eventId', r.event_id, 'destinationId', r.destination_id,
    'filter', r.scope->'filter', 'ratePerSecond', r.rate_per_second, 'createdAt', r.created_at,
    'updatedAt', r.updated_at
  )`

const Row = Schema.Struct({ value: Replay })

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  return ReplayReader.of({
    list: Effect.fn("ReplayReader.list")(function*({ before, limit, status }) {
      const conditions = [
        ...given(status, (_) => sql`r.status = ${_}`),
        ...given(before, (_) => sql`r.id < ${_}`)
      ]
      const found = yield* sql`
        SELECT ${replayJson(sql)} AS value FROM replays r
        WHERE ${sql.and(conditions)} ORDER BY r.id DESC LIMIT ${limit}`.pipe(guarded, Effect.flatMap(rows(Row)))
      return found.map((_) => _.value)
    }),

    find: Effect.fn("ReplayReader.find")(function*(id) {
      const [found] = yield* sql`SELECT ${replayJson(sql)} AS value FROM replays r WHERE r.id = ${id}`.pipe(
        guarded,
        Effect.flatMap(rows(Row))
      )
      return Option.map(Option.fromNullable(found), (_) => _.value)
    })
  })
})
