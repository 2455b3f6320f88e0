import { SqlClient } from "@effect/sql"
import { Context, Effect, Layer } from "effect"
import * as Ids from "./Ids.ts"
import { guarded, type StoreError } from "./store/Store.ts"

export interface AuditEntry {
  /** The name of the management key, or of the part of the gateway that acted by itself. */
  readonly actor: string
  /** What was done, such as `destination.disabled`. */
  readonly action: string
  readonly subjectType: "integration" | "destination" | "event" | "delivery" | "replay" | "rejection" | "queue"
  /** Null for what has no id, such as a queue; the detail names it then. */
  readonly subjectId: string | null
  /** Becomes JSON; `before` and `after` in it are the fields that a change touched. Holds no secret. */
  readonly detail: Readonly<Record<string, unknown>>
}

/** The append-only record of who did what. Within a transaction an entry stands or falls with what it tells of. */
export class Audit extends Context.Tag("sluice/services/Audit")<Audit, {
  readonly append: (entry: AuditEntry) => Effect.Effect<void, StoreError>
}>() {
  static readonly layer = Layer.effect(
    Audit,
    Effect.map(SqlClient.SqlClient, (sql) => Audit.of({ append: appendTo(sql) }))
  )
}

/** The entry's id begins with the moment that the database notes, so that its order is that of all processes' entries. */
export const appendTo = (sql: SqlClient.SqlClient) =>
  Effect.fn("Audit.append")(function*({ action, actor, detail, subjectId, subjectType }: AuditEntry) {
    const id = yield* Ids.next
    yield* guarded(sql`
      INSERT INTO audit_entries (id, at, actor, action, subject_type, subject_id, detail)
      SELECT (left(time, 8) || '-' || right(time, 4) || substr(${id}::text, 14))::uuid, at,
        ${actor}, ${action}, ${subjectType}, ${subjectId}::uuid, ${JSON.stringify(detail)}::jsonb
      FROM (
        SELECT at, lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0') AS time
        FROM clock_timestamp() AS at
      ) AS moment`)
  })
