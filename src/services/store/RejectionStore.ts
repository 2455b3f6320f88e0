import { SqlClient, type Statement } from "@effect/sql"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { EventId, IntegrationId, type RejectionId } from "../../domain/Ids.ts"
import { IntegrationNow, type Reason } from "../../domain/Rejection.ts"
import type { Missed } from "../../domain/Sampler.ts"
import { guarded, rows, type StoreError } from "./Store.ts"

export interface NewRejection {
  readonly id: RejectionId
  readonly integrationId: IntegrationId | null
  readonly reason: Reason
  readonly detail: string
  /** Milliseconds since the epoch. */
  readonly receivedAt: number
  readonly method: string
  readonly url: string
  readonly path: string
  /** JSON text of the headers. */
  readonly headers: string
  /** An envelope of the headers that are secrets, under the place `rejection:{id}`. */
  readonly sealedHeaders: string | null
  readonly body: Uint8Array | null
  readonly size: number | null
  readonly suppressed: number
}

/** What was kept of a rejection, as far as it matters to whoever accepts it. */
const Kept = Schema.Struct({
  integrationId: Schema.NullOr(IntegrationId),
  integration: IntegrationNow,
  reason: Schema.String,
  receivedAt: Schema.Number,
  method: Schema.String,
  url: Schema.String,
  path: Schema.String,
  headers: Schema.String,
  sealedHeaders: Schema.NullOr(Schema.String),
  body: Schema.NullOr(Schema.Uint8ArrayFromSelf),
  eventId: Schema.NullOr(EventId)
})
export type Kept = typeof Kept.Type

/** Of so many rows and bytes the newest stay. */
export interface Room {
  readonly rows: number
  readonly bytes: number
}

/** Where rejections come to stand, no more of them than there is room for. */
export class RejectionStore extends Context.Tag("sluice/services/store/RejectionStore")<RejectionStore, {
  /** Stores one; the oldest of its integration and reason give way to it. */
  readonly insert: (rejection: NewRejection, room: Room) => Effect.Effect<void, StoreError>
  /** Lets the oldest of all give way, a bounded number at a time. */
  readonly trim: (room: Room) => Effect.Effect<void, StoreError>
  /** Adds to what others tell of those that were not kept. */
  readonly suppress: (missed: ReadonlyArray<Omit<Missed, "kind">>) => Effect.Effect<void, StoreError>
  readonly find: (id: RejectionId) => Effect.Effect<Option.Option<Kept>, StoreError>
  /** Notes which event it became, unless that is noted already. */
  readonly accept: (id: RejectionId, eventId: EventId) => Effect.Effect<void, StoreError>
}>() {
  static readonly layer = Layer.effect(RejectionStore, Effect.suspend(() => make))
}

// More than what comes in between two looks.
const slack = 1_000

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  const weight = sql`(
    pg_column_size(url) + pg_column_size(headers) + coalesce(pg_column_size(sealed_headers), 0)
      + coalesce(pg_column_size(body), 0)
  )`

  // Looks at no more than fills the room. Whoever else is trimming has the rows that are skipped.
  const trimAmong = (among: Statement.Fragment, { bytes, rows }: Room) =>
    guarded(sql`
      DELETE FROM rejections WHERE id = ANY (ARRAY(
        SELECT id FROM rejections WHERE id = ANY (ARRAY(
          SELECT id FROM (
            SELECT id, row_number() OVER newest AS place, sum(weight) OVER newest AS bytes
            FROM (
              SELECT id, ${weight} AS weight FROM rejections WHERE ${among} ORDER BY id DESC LIMIT ${rows + slack}
            ) AS looked
            WINDOW newest AS (ORDER BY id DESC)
          ) AS counted
          WHERE place > ${rows} OR bytes > ${bytes}
        ))
        ORDER BY id FOR UPDATE SKIP LOCKED
      ))`)

  return RejectionStore.of({
    insert: Effect.fn("RejectionStore.insert")(function*(_, room) {
      yield* guarded(sql`
        INSERT INTO rejections (
          id, integration_id, reason, detail, received_at, method, url, path, headers, sealed_headers, body, body_size,
          suppressed
        ) VALUES (
          ${_.id}, ${_.integrationId}, ${_.reason}, ${_.detail}, to_timestamp(${_.receivedAt}::float8 / 1000),
          ${_.method}, ${_.url}, ${_.path}, ${_.headers}::json, ${_.sealedHeaders}, ${_.body}, ${_.size}, ${_.suppressed}
        )`)
      // What names no integration has a reason of its own.
      yield* trimAmong(
        _.integrationId === null
          ? sql`reason = ${_.reason} AND integration_id IS NULL`
          : sql`integration_id = ${_.integrationId} AND reason = ${_.reason}`,
        room
      )
    }),

    trim: Effect.fn("RejectionStore.trim")(function*(room) {
      yield* trimAmong(sql`true`, room)
    }),

    suppress: Effect.fn("RejectionStore.suppress")(function*(missed) {
      const sorted = missed.toSorted((one, other) => one.after < other.after ? -1 : 1)
      yield* guarded(sql`
        UPDATE rejections SET suppressed = suppressed + more.count
        FROM unnest(${sorted.map((_) => _.after)}::uuid[], ${sorted.map((_) => _.count)}::int[]) AS more (id, count)
        WHERE rejections.id = more.id`)
    }),

    find: Effect.fn("RejectionStore.find")(function*(id) {
      const [found] = yield* sql`
        SELECT r.integration_id AS "integrationId", r.reason, r.method, r.url, r.path, r.headers::text, r.body,
          (extract(epoch FROM r.received_at) * 1000)::float8 AS "receivedAt", r.sealed_headers AS "sealedHeaders",
          r.event_id AS "eventId", ${integrationNow(sql)} AS integration
        FROM rejections r LEFT JOIN integrations i ON i.id = r.integration_id
        WHERE r.id = ${id}`.pipe(guarded, Effect.flatMap(rows(Kept)))
      return Option.fromNullable(found)
    }),

    accept: Effect.fn("RejectionStore.accept")(function*(id, eventId) {
      yield* guarded(sql`
        UPDATE rejections SET accepted_at = now(), event_id = ${eventId} WHERE id = ${id} AND accepted_at IS NULL`)
    })
  })
})

/** The state of the integration `i`, as `IntegrationNow` has it. */
export const integrationNow = (sql: SqlClient.SqlClient): Statement.Fragment =>
  sql`CASE WHEN i.deleted_at IS NULL THEN i.status ELSE 'deleted' END`
