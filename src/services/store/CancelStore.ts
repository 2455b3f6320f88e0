import { SqlClient } from "@effect/sql"
import { Context, Effect, Layer, Schema } from "effect"
import { guarded, rows, type StoreError } from "./Store.ts"
import { Place } from "./SweepStore.ts"

/** One bounded step through all deliveries that are to go on by themselves, and how far it came. */
export interface Step {
  readonly cancelled: number
  readonly reached: Place
  /** Whether nothing lies beyond. */
  readonly end: boolean
}

/** The end of what waits for destinations that are deleted. */
export class CancelStore extends Context.Tag("sluice/services/store/CancelStore")<CancelStore, {
  /** Changes with every destination that is deleted. */
  readonly deletions: Effect.Effect<string, StoreError>
  /** From the place on: cancels those of deleted destinations, but none that is claimed. */
  readonly step: (from: Place, limit: number) => Effect.Effect<Step, StoreError>
}>() {
  static readonly layer = Layer.effect(CancelStore, Effect.suspend(() => make))
}

/** What `deletions` says while nothing is deleted. */
export const noDeletions = "0"

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  return CancelStore.of({
    deletions: sql`
      SELECT concat_ws(' ', count(*), max(deleted_at)) AS deletions FROM destinations WHERE deleted_at IS NOT NULL`
      .pipe(
        guarded,
        Effect.flatMap(rows(Schema.Struct({ deletions: Schema.String }))),
        Effect.map(([found]) => found?.deletions ?? noDeletions),
        Effect.withSpan("CancelStore.deletions")
      ),

    step: Effect.fn("CancelStore.step")(function*(from, limit) {
      const [found] = yield* sql`
        WITH step AS (
          SELECT id, due_at, destination_id FROM deliveries
          WHERE due_at IS NOT NULL AND (due_at, id) > (${from.dueAt}::timestamptz, ${from.id}::uuid)
          ORDER BY due_at, id LIMIT ${limit}
        ), orphans AS (
          SELECT d.id
          FROM step
          JOIN destinations destination ON destination.id = step.destination_id AND destination.deleted_at IS NOT NULL
          JOIN deliveries d ON d.id = step.id
          WHERE d.state IN ('pending', 'queued', 'retrying')
          ORDER BY d.id
          FOR UPDATE OF d SKIP LOCKED
        ), cancelled AS (
          UPDATE deliveries d SET state = 'cancelled', due_at = NULL, failed_at = now(), updated_at = now()
          FROM orphans
          WHERE d.id = orphans.id
          RETURNING d.id
        )
        SELECT due_at::text AS "dueAt", id, (SELECT count(*)::int FROM cancelled) AS cancelled,
          (SELECT count(*)::int FROM step) AS seen
        FROM step ORDER BY step.due_at DESC, id DESC LIMIT 1`.pipe(guarded, Effect.flatMap(rows(Found)))
      return found === undefined
        ? { cancelled: 0, reached: from, end: true }
        : { cancelled: found.cancelled, reached: { dueAt: found.dueAt, id: found.id }, end: found.seen < limit }
    })
  })
})

const Found = Schema.Struct({ ...Place.fields, cancelled: Schema.Int, seen: Schema.Int })
