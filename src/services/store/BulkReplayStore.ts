import { SqlClient } from "@effect/sql"
import { Context, Effect, Layer, Schema } from "effect"
import type { ReplayId } from "../../domain/Ids.ts"
import { Replay } from "../../domain/Replay.ts"
import { ReplayScope } from "../../domain/ReplayScope.ts"
import { replayJson } from "./ReplayReader.ts"
import type { Counted, Span } from "./ReplayWindow.ts"
import { guarded, rows, type StoreError } from "./Store.ts"

export interface NewBulkReplay {
  readonly id: string
  readonly scope: ReplayScope
  readonly ratePerSecond: number | null
  readonly counted: Counted
  readonly reason: string
  readonly actor: string
}

/** A slice that is to be carried out now. */
export interface Slice extends Span {
  readonly scope: ReplayScope
  readonly ratePerSecond: number | null
}

/**
 * `Early`: it is due in so many milliseconds. `Past`: it was the last one that was carried out. `Stale`: it is none of these,
 * or the replay has ended.
 */
export type Turn =
  | { readonly _tag: "Due"; readonly slice: Slice }
  | { readonly _tag: "Early"; readonly waitMs: number }
  | { readonly _tag: "Past" | "Stale" }

/** What a slice has come to. */
export interface Progress {
  readonly reached: string
  readonly done: number
  readonly skipped: number
  readonly deliveries: number
  /** Whether it was the last one. */
  readonly end: boolean
  /** How long after this slice the next one is due. */
  readonly pauseMs: number
}

/** The rows of bulk replays: how far each one is. */
export class BulkReplayStore extends Context.Tag("sluice/services/store/BulkReplayStore")<BulkReplayStore, {
  readonly insert: (replay: NewBulkReplay) => Effect.Effect<Replay, StoreError>
  /** Within a transaction: takes a slice's turn, which nobody else has until the transaction is over. */
  readonly take: (id: ReplayId, slice: number) => Effect.Effect<Turn, StoreError>
  /** Within the same transaction: notes what the slice has come to. */
  readonly advance: (id: ReplayId, progress: Progress) => Effect.Effect<void, StoreError>
}>() {
  static readonly layer = Layer.effect(BulkReplayStore, Effect.suspend(() => make))
}

const scopeJson = Schema.encodeSync(Schema.parseJson(ReplayScope))

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  return BulkReplayStore.of({
    insert: Effect.fn("BulkReplayStore.insert")(function*(_) {
      const [replay] = yield* sql`
        INSERT INTO replays AS r (
          id, destination_ids, reason, actor, status, total, scope, rate_per_second, reached, until, next_slice_at
        )
        VALUES (
          ${_.id}, '{}', ${_.reason}, ${_.actor}, 'running', ${_.counted.total}, ${scopeJson(_.scope)}::jsonb,
          ${_.ratePerSecond}, ${_.counted.after}, ${_.counted.until}, now()
        )
        RETURNING ${replayJson(sql)} AS value`.pipe(guarded, Effect.flatMap(rows(Schema.Struct({ value: Replay }))))
      return yield* Effect.orDie(Effect.fromNullable(replay?.value))
    }),

    take: Effect.fn("BulkReplayStore.take")(function*(id, slice) {
      const [row] = yield* sql`
        SELECT slice AS next, scope, rate_per_second AS "ratePerSecond", reached AS after, until,
          (extract(epoch FROM next_slice_at - now()) * 1000)::float8 AS "waitMs"
        FROM replays
        WHERE id = ${id} AND slice IN (${slice}, ${slice + 1}) AND status = 'running' AND scope IS NOT NULL
        FOR UPDATE`.pipe(guarded, Effect.flatMap(rows(Row)))
      if (row === undefined) return { _tag: "Stale" } as const
      const { next, waitMs, ...due } = row
      if (next > slice) return { _tag: "Past" } as const
      return waitMs > 0 ? { _tag: "Early", waitMs } as const : { _tag: "Due", slice: due } as const
    }),

    advance: Effect.fn("BulkReplayStore.advance")(function*(id, { deliveries, done, end, pauseMs, reached, skipped }) {
      // What matches no longer counts as skipped in the end, and what has come to match meanwhile adds to the total.
      yield* guarded(sql`
        UPDATE replays r SET
          slice = slice + 1,
          reached = ${reached}::uuid,
          status = CASE WHEN ${end} THEN 'completed' ELSE status END,
          done = step.done,
          skipped = CASE WHEN ${end} THEN greatest(step.skipped, total - step.done) ELSE step.skipped END,
          total = greatest(total, step.done + step.skipped),
          deliveries = deliveries + ${deliveries},
          next_slice_at = now() + ${pauseMs}::float8 * interval '1 millisecond',
          updated_at = now()
        FROM (
          SELECT done + ${done}::int AS done, skipped + ${skipped}::int AS skipped FROM replays WHERE id = ${id}
        ) AS step
        WHERE id = ${id}`)
    })
  })
})

const Row = Schema.Struct({
  next: Schema.Int,
  scope: ReplayScope,
  ratePerSecond: Schema.NullOr(Schema.Int),
  after: Schema.String,
  until: Schema.String,
  waitMs: Schema.Number
})
