import { SqlClient, type Statement } from "@effect/sql"
import { Context, Effect, Layer, Option, Record, Schema } from "effect"
import { Headers } from "../../domain/Headers.ts"
import type { IntegrationId, RejectionId } from "../../domain/Ids.ts"
import { IntegrationNow, obstacle, type Reason, Rejection, type RejectionDetail } from "../../domain/Rejection.ts"
import { type Bounds, given, within } from "./Conditions.ts"
import { Content } from "./EventReader.ts"
import { integrationNow } from "./RejectionStore.ts"
import { guarded, rows, type StoreError } from "./Store.ts"

export interface RejectionQuery extends Bounds {
  readonly integrationId: Option.Option<IntegrationId>
  readonly reason: Option.Option<Reason>
  readonly limit: number
}

/** Rejections, as operators see them. */
export class RejectionReader extends Context.Tag("sluice/services/store/RejectionReader")<RejectionReader, {
  /** Newest first, those before the cursor. */
  readonly list: (query: RejectionQuery) => Effect.Effect<ReadonlyArray<Rejection>, StoreError>
  readonly find: (id: RejectionId) => Effect.Effect<Option.Option<RejectionDetail>, StoreError>
  /** None where no body was kept. */
  readonly content: (id: RejectionId) => Effect.Effect<Option.Option<Content>, StoreError>
}>() {
  static readonly layer = Layer.effect(RejectionReader, Effect.suspend(() => make))
}

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  return RejectionReader.of({
    list: Effect.fn("RejectionReader.list")(function*(query) {
      const found = yield* listing(sql, query).pipe(
        guarded,
        Effect.flatMap(rows(Schema.Struct({ value: Rejection })))
      )
      return found.map((_) => _.value)
    }),

    find: Effect.fn("RejectionReader.find")(function*(id) {
      const [found] = yield* sql`
        SELECT ${value(sql)} AS value, r.path, r.headers, ${integrationNow(sql)} AS integration
        FROM rejections r LEFT JOIN integrations i ON i.id = r.integration_id
        WHERE r.id = ${id}`.pipe(guarded, Effect.flatMap(rows(Found)))
      return Option.map(Option.fromNullable(found), ({ headers, integration, path, value }) => {
        const hidden = value.integrationId === null ? "<not kept>" : "<sealed>"
        const why = obstacle({ ...value, integration })
        return {
          ...value,
          path,
          headers: Record.map(headers, (values) => values.length === 0 ? hidden : values.join(", ")),
          acceptable: Option.isNone(why),
          obstacle: Option.getOrNull(why)
        }
      })
    }),

    content: Effect.fn("RejectionReader.content")(function*(id) {
      const [found] = yield* sql`
        SELECT headers -> 'content-type' ->> 0 AS "contentType", body FROM rejections
        WHERE id = ${id} AND body IS NOT NULL`.pipe(guarded, Effect.flatMap(rows(Content)))
      return Option.fromNullable(found)
    })
  })
})

const value = (sql: SqlClient.SqlClient): Statement.Fragment =>
  sql`json_build_object(
    'id', r.id, 'integrationId', r.integration_id,
    'integrationSlug', (SELECT slug FROM integrations WHERE id = r.integration_id), 'reason', r.reason,
    'detail', r.detail, 'method', r.method, 'url', r.url, 'size', r.body_size, 'bodyKept', r.body IS NOT NULL,
    'suppressed', r.suppressed, 'receivedAt', r.received_at, 'acceptedAt', r.accepted_at, 'eventId', r.event_id
  )`

/** The statement behind a list. Each of its filters has an index in the order of ids. */
export const listing = (sql: SqlClient.SqlClient, query: RejectionQuery) => {
  const conditions = [
    ...given(query.integrationId, (_) => sql`r.integration_id = ${_}`),
    ...given(query.reason, (_) => sql`r.reason = ${_}`),
    ...within(sql, "r.id", query)
  ]
  return sql`
    SELECT ${value(sql)} AS value FROM rejections r
    WHERE ${sql.and(conditions)} ORDER BY r.id DESC LIMIT ${query.limit}`
}

const Found = Schema.Struct({
  value: Rejection,
  path: Schema.String,
  headers: Headers,
  integration: IntegrationNow
})
