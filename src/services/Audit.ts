import { SqlClient } from "@effect/sql"
import { Context, Effect, Layer } from "effect"
import * as Ids from "./Ids.ts"
import { guarded, type StoreError } from "./store/Store.ts"

export interface AuditEntry {
  /** The name of the management key, or of the part of the gateway that acted by itself. */
  readonly actor: string
  /** What was done, such as `destination.disabled`. */
  readonly action: string
  readonly subjectType: "integration" | "destination" | "event" | "replay" | "rejection" | "queue"
  /** Null for what has no id, such as a queue; the detail names it then. */
  readonly subjectId: string | null
  /** Becomes JSON. Holds no secret. */
  readonly detail: Readonly<Record<string, unknown>>
}

/** The append-only record of who did what. Within a transaction an entry stands or falls with what it tells of. */
export class Audit extends Context.Tag("sluice/services/Audit")<Audit, {
  readonly append: (entry: AuditEntry) => Effect.Effect<void, StoreError>
}>() {
  static readonly layer = Layer.effect(
    Audit,
    Effect.map(SqlClient.SqlClient, (sql) =>
      Audit.of({
        append: Effect.fn("Audit.append")(function*({ action, actor, detail, subjectId, subjectType }) {
          const id = yield* Ids.next
          yield* guarded(sql`
            INSERT INTO audit_entries (id, actor, action, subject_type, subject_id, detail)
            VALUES (${id}, ${actor}, ${action}, ${subjectType}, ${subjectId}, ${JSON.stringify(detail)}::jsonb)`)
        })
      }))
  )
}
