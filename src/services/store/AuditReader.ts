import { SqlClient } from "@effect/sql"
import { Context, type DateTime, Effect, Layer, Option, Schema } from "effect"
import { AuditEntry } from "../../domain/AuditEntry.ts"
import { firstIdAt, millisOf } from "./IdTime.ts"
import { guarded, rows, type StoreError } from "./Store.ts"

export interface AuditQuery {
  readonly subjectType: Option.Option<string>
  readonly subjectId: Option.Option<string>
  readonly actor: Option.Option<string>
  readonly action: Option.Option<string>
  readonly from: Option.Option<DateTime.Utc>
  readonly to: Option.Option<DateTime.Utc>
  readonly before: Option.Option<string>
  readonly limit: number
}

/** The audit, as operators see it. */
export class AuditReader extends Context.Tag("sluice/services/store/AuditReader")<AuditReader, {
  /** Newest first, those before the cursor. */
  readonly list: (query: AuditQuery) => Effect.Effect<ReadonlyArray<AuditEntry>, StoreError>
}>() {
  static readonly layer = Layer.effect(
    AuditReader,
    Effect.map(SqlClient.SqlClient, (sql) =>
      AuditReader.of({
        list: Effect.fn("AuditReader.list")(function*(query) {
          const found = yield* statement(sql, query).pipe(guarded, Effect.flatMap(rows(Row)))
          return found.map((_) => _.value)
        })
      }))
  )
}

const Row = Schema.Struct({ value: AuditEntry })

export const statement = (sql: SqlClient.SqlClient, query: AuditQuery) => {
  const given = <A, B>(value: Option.Option<A>, condition: (value: A) => B): ReadonlyArray<B> =>
    Option.toArray(Option.map(value, condition))
  const from = Option.map(query.from, millisOf)
  const to = Option.map(query.to, millisOf)
  const conditions = [
    ...given(query.subjectId, (_) => sql`subject_id = ${_}::uuid`),
    ...given(query.subjectType, (_) => sql`subject_type = ${_}`),
    ...given(query.actor, (_) => sql`actor = ${_}`),
    ...given(query.action, (_) => sql`action = ${_}`),
    // An id begins with its entry's time, so the id's order bounds what is read.
    ...given(from, (_) => sql`at >= ${new Date(_)}`),
    ...given(from, (_) => sql`id >= ${firstIdAt(_)}::uuid`),
    ...given(to, (_) => sql`at < ${new Date(_)}`),
    ...given(to, (_) => sql`id < ${firstIdAt(_)}::uuid`),
    ...given(query.before, (_) => sql`id < ${_}::uuid`)
  ]
  return sql`
    SELECT json_build_object(
      'id', id, 'at', at, 'actor', actor, 'action', action, 'subjectType', subject_type, 'subjectId', subject_id,
      'before', detail->'before', 'after', detail->'after', 'detail', detail - '{before,after}'::text[]
    ) AS value
    FROM audit_entries WHERE ${sql.and(conditions)} ORDER BY id DESC LIMIT ${query.limit}`
}
