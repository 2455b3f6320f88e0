import { SqlClient } from "@effect/sql"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { Delivery } from "../../domain/Delivery.ts"
import type { DeadLettersFilter } from "../../domain/ReplayScope.ts"
import { given } from "./Conditions.ts"
import * as DeliveryList from "./DeliveryList.ts"
import { type Counted, counted, type Span, spanOf, type Stretch, stretch, type Window, within } from "./ReplayWindow.ts"
import * as Search from "./Search.ts"
import { guarded, rows, type StoreError } from "./Store.ts"

export interface DeadLetterQuery extends DeadLettersFilter {
  readonly before: Option.Option<string>
  readonly limit: number
}

/** A dead delivery that is to be made again; `deliverable` where its destination and its content are there still. */
export const DeadLetter = Schema.Struct({
  id: Schema.String,
  eventId: Schema.String,
  destinationId: Schema.String,
  deliverable: Schema.Boolean
})
export type DeadLetter = typeof DeadLetter.Type

/** Deliveries that died. An integration in a filter is an id. */
export class DeadLetterReader extends Context.Tag("sluice/services/store/DeadLetterReader")<DeadLetterReader, {
  /** Newest first, those before the cursor. */
  readonly list: (query: DeadLetterQuery) => Effect.Effect<Search.Part<Delivery>, StoreError>
  /** How many match now. Fails with a StoreError that `isOverTime` where that takes too long to count. */
  readonly count: (filter: DeadLettersFilter) => Effect.Effect<Counted, StoreError>
  /** The next ones that match, oldest first, of those that had died when the replay was requested. */
  readonly next: (
    filter: DeadLettersFilter,
    window: Window,
    replayId: string
  ) => Effect.Effect<Stretch<DeadLetter>, StoreError>
}>() {
  static readonly layer = Layer.effect(DeadLetterReader, Effect.suspend(() => make))
}

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const search = Search.make(sql, Delivery)

  const column = ({ destinationId, integration }: DeadLettersFilter) =>
    Option.orElse(
      Option.map(destinationId, (_) => ({ name: "destination_id", value: sql`${_}::uuid` })),
      () => Option.map(integration, (_) => ({ name: "integration_id", value: sql`${_}::uuid` }))
    )
  const bound = (filter: DeadLettersFilter, span: Span) => within(sql, span, column(filter), "d")

  const chosen = ({ destinationId, integration }: DeadLettersFilter) => [
    ...given(destinationId, (_) => sql`d.destination_id = ${_}::uuid`),
    ...given(integration, (_) => sql`d.integration_id = ${_}::uuid`)
  ]

  return DeadLetterReader.of({
    list: Effect.fn("DeadLetterReader.list")(({ integration: integrationId, ...query }) =>
      search(Effect.succeed(DeliveryList.search(sql, { ...query, integrationId, status: Option.some("dead") })))
    ),

    count: Effect.fn("DeadLetterReader.count")(function*(filter) {
      const span = yield* spanOf(sql, "deliveries", filter)
      const conditions = [
        sql`d.failed_at IS NOT NULL`,
        sql`d.state = 'dead'`,
        bound(filter, span).condition,
        ...chosen(filter)
      ]
      const total = yield* counted(
        sql,
        sql`SELECT count(*)::int AS count FROM deliveries d WHERE ${sql.and(conditions)}`
      )
      return { ...span, total }
    }),

    next: Effect.fn("DeadLetterReader.next")(function*(filter, window, replayId) {
      const { condition, order } = bound(filter, window)
      const [row] = yield* sql`
        WITH looked AS (
          SELECT d.id, d.event_id, d.event_received_at, d.destination_id, d.integration_id, d.state, d.failed_at
          FROM deliveries d
          WHERE d.failed_at IS NOT NULL AND ${condition} ORDER BY ${order} LIMIT ${window.look}
        ), found AS (
          SELECT d.* FROM looked d
          WHERE d.state = 'dead' AND d.failed_at <= (SELECT created_at FROM replays WHERE id = ${replayId}) AND ${
        sql.and(chosen(filter))
      }
          ORDER BY d.id LIMIT ${window.take}
        )
        SELECT (SELECT count(*)::int FROM looked) AS looked,
          (SELECT id FROM looked ORDER BY id DESC LIMIT 1) AS last,
          (
            SELECT coalesce(json_agg(json_build_object(
              'id', id, 'eventId', event_id, 'destinationId', destination_id, 'deliverable', (
                SELECT true FROM event_bodies
                WHERE event_id = found.event_id AND received_at = found.event_received_at
              ) IS NOT NULL AND (
                SELECT true FROM destinations WHERE id = found.destination_id AND deleted_at IS NULL
              ) IS NOT NULL
            ) ORDER BY id), '[]')
            FROM found
          ) AS found`.pipe(guarded, Effect.flatMap(rows(Looked)))
      return stretch(window, row ?? { looked: 0, last: null, found: [] })
    })
  })
})

const Looked = Schema.Struct({
  looked: Schema.Int,
  last: Schema.NullOr(Schema.String),
  found: Schema.Array(DeadLetter)
})
