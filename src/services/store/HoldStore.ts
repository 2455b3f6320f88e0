import { SqlClient, type Statement } from "@effect/sql"
import { Context, Effect, Layer, Schema } from "effect"
import { DestinationId } from "../../domain/Ids.ts"
import type { DeliveryMessage } from "../../domain/QueueMessage.ts"
import { Next } from "./DispatchStore.ts"
import { guarded, rows, type StoreError } from "./Store.ts"

/** A delivery that is to wait. `token` is its claim's, where it has been claimed. */
export interface Hold extends DeliveryMessage {
  readonly token: string | null
}

/** Deliveries that wait in the database, without a message, until their destination takes them. */
export class HoldStore extends Context.Tag("sluice/services/store/HoldStore")<HoldStore, {
  /**
   * Holds those whose turn it still is; their attempt is not counted. For each, in order, whether another worker has claimed
   * it, so that it cannot be held, also where that one's lease is over: it may still record what came of its attempt.
   */
  readonly hold: (holds: ReadonlyArray<Hold>) => Effect.Effect<ReadonlyArray<boolean>, StoreError>
  /**
   * Releases up to `count` held deliveries, oldest first, of every destination after the given one that is active: one,
   * where its breaker is open and a probe is due. The messages to publish.
   */
  readonly release: (
    after: DestinationId,
    count: number,
    limit: number
  ) => Effect.Effect<ReadonlyArray<typeof Next.Type>, StoreError>
  /** The same for one destination. */
  readonly releaseOf: (
    destinationId: DestinationId,
    count: number
  ) => Effect.Effect<ReadonlyArray<typeof Next.Type>, StoreError>
  /** Cancels up to `limit` held deliveries of deleted destinations. */
  readonly cancelOrphans: (limit: number) => Effect.Effect<void, StoreError>
}>() {
  static readonly layer = Layer.effect(HoldStore, Effect.suspend(() => make))
}

/** Comes before every destination. */
export const beforeAll = DestinationId.make("00000000-0000-0000-0000-000000000000")

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  // From one destination to the next along the index, whatever the number of deliveries that each one holds.
  const waiting = (after: DestinationId) =>
    sql`waiting AS (
    (
      SELECT destination_id FROM deliveries
      WHERE held_at IS NOT NULL AND destination_id > ${after} ORDER BY destination_id LIMIT 1
    )
    UNION ALL
    SELECT next.destination_id FROM waiting, LATERAL (
      SELECT destination_id FROM deliveries
      WHERE held_at IS NOT NULL AND destination_id > waiting.destination_id
      ORDER BY destination_id LIMIT 1
    ) AS next
  )`

  const release = (destinations: Statement.Fragment, count: number, limit: number) =>
    sql`
      WITH RECURSIVE ${destinations}, room AS (
        SELECT waiting.destination_id,
          CASE WHEN trouble.opened_at IS NULL THEN ${count}::int WHEN trouble.probe_at <= now() THEN 1 ELSE 0 END AS count
        FROM waiting
        JOIN destinations d ON d.id = waiting.destination_id AND d.deleted_at IS NULL AND d.status = 'active'
        LEFT JOIN destination_troubles trouble ON trouble.destination_id = waiting.destination_id
      )
      UPDATE deliveries SET state = 'pending', held_at = NULL, due_at = now(), updated_at = now()
      WHERE id IN (
        SELECT held.id
        FROM room, LATERAL (
          SELECT id FROM deliveries
          WHERE destination_id = room.destination_id AND held_at IS NOT NULL
          ORDER BY id LIMIT room.count
          FOR UPDATE SKIP LOCKED
        ) AS held
        ORDER BY room.destination_id, held.id
        LIMIT ${limit}
      )
      RETURNING 1 AS v, id AS "deliveryId", generation, next_attempt AS attempt, destination_id AS "destinationId"`
      .pipe(
        guarded,
        Effect.flatMap(messageRows)
      )

  return HoldStore.of({
    hold: Effect.fn("HoldStore.hold")(function*(holds) {
      const busy = yield* sql`
        WITH turn AS (
          SELECT d.id, hold.place,
            d.state IN ('delivering', 'queued') AND hold.token = d.claim_token
              OR d.state IN ('pending', 'queued', 'retrying') AND hold.token IS NULL AND d.claim_token IS NULL AS ours,
            d.state IN ('delivering', 'queued') AND hold.token IS DISTINCT FROM d.claim_token AS busy
          FROM unnest(
            ${holds.map((_) => _.deliveryId)}::uuid[], ${holds.map((_) => _.generation)}::int[],
            ${holds.map((_) => _.attempt)}::int[], ${holds.map((_) => _.token)}::uuid[]
          ) WITH ORDINALITY AS hold (id, generation, attempt, token, place)
          JOIN deliveries d ON d.id = hold.id AND d.generation = hold.generation AND d.next_attempt = hold.attempt
          ORDER BY d.id
          FOR UPDATE OF d
        ), held AS (
          UPDATE deliveries d SET
            state = 'held', held_at = now(), due_at = NULL, claim_token = NULL, lease_until = NULL, updated_at = now()
          FROM turn
          WHERE d.id = turn.id AND turn.ours
        )
        SELECT place::int FROM turn WHERE busy`.pipe(
        guarded,
        Effect.flatMap(placeRows),
        Effect.map((found) => new Set(found.map((_) => _.place)))
      )
      return holds.map((_, index) => busy.has(index + 1))
    }),

    release: Effect.fn("HoldStore.release")((after, count, limit) => release(waiting(after), count, limit)),

    releaseOf: Effect.fn("HoldStore.releaseOf")((destinationId, count) =>
      release(sql`waiting AS (SELECT ${destinationId}::uuid AS destination_id)`, count, count)
    ),

    cancelOrphans: Effect.fn("HoldStore.cancelOrphans")(function*(limit) {
      yield* guarded(sql`
        WITH RECURSIVE ${waiting(beforeAll)}
        UPDATE deliveries SET state = 'cancelled', held_at = NULL, failed_at = now(), updated_at = now()
        WHERE id IN (
          SELECT held.id
          FROM waiting, LATERAL (
            SELECT id FROM deliveries
            WHERE destination_id = waiting.destination_id AND held_at IS NOT NULL
            ORDER BY id LIMIT ${limit}
            FOR UPDATE SKIP LOCKED
          ) AS held
          WHERE NOT EXISTS (SELECT FROM destinations d WHERE d.id = waiting.destination_id AND d.deleted_at IS NULL)
          LIMIT ${limit}
        )`)
    })
  })
})

const messageRows = rows(Next)
const placeRows = rows(Schema.Struct({ place: Schema.Int }))
