import { SqlClient } from "@effect/sql"
import { Context, Effect, Layer, Schema } from "effect"
import type { DestinationId } from "../../domain/Ids.ts"
import { guarded, rows, type StoreError } from "./Store.ts"

/** So many deliveries, or more. */
export interface Count {
  readonly deliveries: number
  readonly atLeast: boolean
}

/** How many deliveries wait for destinations, counted up to a limit. */
export class WaitingStore extends Context.Tag("sluice/services/store/WaitingStore")<WaitingStore, {
  /** Those held and those due, now or later; an attempt that is under way does not wait. */
  readonly count: (destinationIds: ReadonlyArray<DestinationId>) => Effect.Effect<Count, StoreError>
}>() {
  static readonly layer = Layer.effect(WaitingStore, Effect.suspend(() => make))
}

/** Up to so many held ones, and among so many due ones of all destinations. */
export const countedAtMost = 10_000

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const limit = countedAtMost + 1

  return WaitingStore.of({
    count: Effect.fn("WaitingStore.count")(function*(destinationIds) {
      const [found] = yield* sql`
        SELECT held.count AS held, due.ours AS due, due.count AS seen
        FROM (
          SELECT count(*)::int AS count FROM (
            SELECT FROM unnest(${destinationIds}::uuid[]) AS wanted (id), LATERAL (
              SELECT FROM deliveries
              WHERE destination_id = ANY(ARRAY[wanted.id]) AND held_at IS NOT NULL
              ORDER BY destination_id, id LIMIT ${limit}
            ) AS held
            LIMIT ${limit}
          ) AS held
        ) AS held, (
          SELECT count(*)::int AS count,
            (count(*) FILTER (WHERE destination_id = ANY(${destinationIds}::uuid[]) AND state <> 'delivering'))::int AS ours
          FROM (
            SELECT destination_id, state FROM deliveries WHERE due_at IS NOT NULL ORDER BY due_at, id LIMIT ${limit}
          ) AS due
        ) AS due`.pipe(guarded, Effect.flatMap(rows(Found)))
      const { due, held, seen } = found ?? { due: 0, held: 0, seen: 0 }
      return { deliveries: Math.min(held, countedAtMost) + due, atLeast: held > countedAtMost || seen > countedAtMost }
    })
  })
})

const Found = Schema.Struct({ held: Schema.Int, due: Schema.Int, seen: Schema.Int })
