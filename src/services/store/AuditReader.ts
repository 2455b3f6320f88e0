import { SqlClient } from "@effect/sql"
import { Context, Effect, Layer, type Option, Schema } from "effect"
import { AuditEntry } from "../../domain/AuditEntry.ts"
import { type Bounds, given, within } from "./Conditions.ts"
import { millisOf } from "./IdTime.ts"
import { guarded, rows, type StoreError } from "./Store.ts"

export interface AuditQuery extends Bounds {
  readonly subjectType: Option.Option<string>
  readonly subjectId: Option.Option<string>
  readonly actor: Option.Option<string>
  readonly action: Option.Option<string>
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
  const conditions = [
    ...given(query.subjectId, (_) => sql`subject_id = ${_}::uuid`),
    ...given(query.subjectType, (_) => sql`subject_type = ${_}`),
    ...given(query.actor, (_) => sql`actor = ${_}`),
    ...given(query.action, (_) => sql`action = ${_}`),
    ...given(query.from, (_) => sql`at >= ${new Date(millisOf(_))}`),
    ...given(query.to, (_) => sql`at < ${new Date(millisOf(_))}`),
    // The id's order bounds what is read.
    ...within(sql, "id", query)
  ]
  return sql`
    SELECT json_build_object(
      'id', id, 'at', at, 'actor', actor, 'action', action, 'subjectType', subject_type, 'subjectId', subject_id,
      'before', detail->'before', 'after', detail->'after', 'detail', detail - '{before,after}'::text[]
    ) AS value
    FROM audit_entries WHERE ${sql.and(conditions)} ORDER BY id DESC LIMIT ${query.limit}`
}
