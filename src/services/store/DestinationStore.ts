import { SqlClient, type Statement } from "@effect/sql"
import { Context, Duration, Effect, Layer, Option, Schema } from "effect"
import { Destination, type DestinationStatus } from "../../domain/Destination.ts"
import { guarded, rows, type StoreError } from "./Store.ts"

/** The columns of a new or changed destination; `undefined` leaves a column as it is. JSON columns as JSON text. */
export interface DestinationColumns {
  readonly url?: string | undefined
  readonly status?: DestinationStatus | undefined
  readonly filter?: string | undefined
  readonly retryPolicy?: string | undefined
  readonly signatureNames?: string | undefined
  readonly concurrency?: number | null | undefined
  readonly rateLimitPerMinute?: number | null | undefined
}

export interface NewDestination {
  readonly id: string
  readonly integrationId: string
  readonly url: string
  readonly filter: string
  readonly retryPolicy: string
  readonly signatureNames: string
  readonly concurrency: number | null
  readonly rateLimitPerMinute: number | null
  readonly signingEnvelope: string
}

/** The rows of destinations, as operators see them. */
export class DestinationStore extends Context.Tag("sluice/services/store/DestinationStore")<DestinationStore, {
  readonly insert: (destination: NewDestination) => Effect.Effect<void, StoreError>
  /** Changes the given columns; none when there is no such destination. */
  readonly update: (id: string, columns: DestinationColumns) => Effect.Effect<Option.Option<Destination>, StoreError>
  /** Gives it a status that it has not; none when it has that, or there is no such destination. */
  readonly setStatus: (id: string, status: DestinationStatus) => Effect.Effect<Option.Option<Destination>, StoreError>
  /** Marks it as deleted; false when there is none. */
  readonly remove: (id: string) => Effect.Effect<boolean, StoreError>
  readonly find: (id: string) => Effect.Effect<Option.Option<Destination>, StoreError>
  /** Keeps the row as it is until the transaction ends. */
  readonly lock: (id: string) => Effect.Effect<void, StoreError>
  /**
   * Has it sign by another secret: from now on, and for so long by the one before too. None of an earlier rotation stays;
   * none when there is no such destination.
   */
  readonly rotate: (
    id: string,
    signingEnvelope: string,
    overlap: Duration.Duration
  ) => Effect.Effect<Option.Option<Destination>, StoreError>
  /** Where an overlap is over, puts the next secret in the place of the one before. */
  readonly settleRotations: Effect.Effect<void, StoreError>
  readonly listOf: (integrationId: string) => Effect.Effect<ReadonlyArray<Destination>, StoreError>
}>() {
  static readonly layer = Layer.effect(DestinationStore, Effect.suspend(() => make))
}

/** A destination `d` as JSON. */
export const destinationJson = (sql: SqlClient.SqlClient): Statement.Fragment =>
  sql`json_build_object(
    'id', d.id, 'integrationId', d.integration_id, 'url', d.url, 'status', d.status, 'filter', d.filter,
    'retryPolicy', d.retry_policy, 'signatureNames', d.signature_names, 'concurrency', d.concurrency,
    'rateLimitPerMinute', d.rate_limit_per_minute, 'breaker', CASE WHEN EXISTS (
      SELECT FROM destination_troubles t WHERE t.destination_id = d.id AND t.opened_at IS NOT NULL
    ) THEN 'open' ELSE 'closed' END, 'signingOverlapUntil', CASE
      WHEN d.signing_overlap_until > now() THEN d.signing_overlap_until
    END, 'createdAt', d.created_at, 'updatedAt', d.updated_at
  )`

const settledAtOnce = 100

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  const values = (statement: Effect.Effect<ReadonlyArray<unknown>, StoreError>) =>
    statement.pipe(
      Effect.flatMap(rows(Schema.Struct({ value: Destination }))),
      Effect.map((found) => found.map((_) => _.value))
    )
  const first = (statement: Effect.Effect<ReadonlyArray<unknown>, StoreError>) =>
    Effect.map(values(statement), ([found]) => Option.fromNullable(found))

  const kept = (value: number | null | undefined, column: Statement.Fragment): Statement.Fragment =>
    value === undefined ? column : sql`${value}`

  return DestinationStore.of({
    insert: Effect.fn("DestinationStore.insert")(function*(_) {
      yield* guarded(sql`
        INSERT INTO destinations (
          id, integration_id, url, filter, retry_policy, signature_names, concurrency, rate_limit_per_minute,
          signing_envelope
        ) VALUES (
          ${_.id}, ${_.integrationId}, ${_.url}, ${_.filter}::jsonb, ${_.retryPolicy}::jsonb, ${_.signatureNames},
          ${_.concurrency}, ${_.rateLimitPerMinute}, ${_.signingEnvelope}
        )`)
    }),

    update: Effect.fn("DestinationStore.update")((id, columns) =>
      first(guarded(sql`
        UPDATE destinations d SET
          url = coalesce(${columns.url ?? null}, url),
          status = coalesce(${columns.status ?? null}, status),
          filter = coalesce(${columns.filter ?? null}::jsonb, filter),
          retry_policy = coalesce(${columns.retryPolicy ?? null}::jsonb, retry_policy),
          signature_names = coalesce(${columns.signatureNames ?? null}, signature_names),
          concurrency = ${kept(columns.concurrency, sql`concurrency`)},
          rate_limit_per_minute = ${kept(columns.rateLimitPerMinute, sql`rate_limit_per_minute`)},
          updated_at = now()
        WHERE id = ${id} AND deleted_at IS NULL
        RETURNING ${destinationJson(sql)} AS value`))
    ),

    setStatus: Effect.fn("DestinationStore.setStatus")((id, status) =>
      first(guarded(sql`
        UPDATE destinations d SET status = ${status}, updated_at = now()
        WHERE id = ${id} AND deleted_at IS NULL AND status <> ${status}
        RETURNING ${destinationJson(sql)} AS value`))
    ),

    remove: Effect.fn("DestinationStore.remove")(function*(id) {
      const removed = yield* guarded(sql`
        UPDATE destinations SET deleted_at = now(), updated_at = now()
        WHERE id = ${id} AND deleted_at IS NULL RETURNING id`)
      return removed.length > 0
    }),

    find: Effect.fn("DestinationStore.find")((id) =>
      first(guarded(sql`
        SELECT ${destinationJson(sql)} AS value FROM destinations d WHERE d.id = ${id} AND d.deleted_at IS NULL`))
    ),

    lock: Effect.fn("DestinationStore.lock")(function*(id) {
      yield* guarded(sql`SELECT FROM destinations WHERE id = ${id} FOR NO KEY UPDATE`)
    }),

    rotate: Effect.fn("DestinationStore.rotate")((id, signingEnvelope, overlap) => {
      const changes = Duration.toMillis(overlap) === 0
        ? sql`signing_envelope = ${signingEnvelope}, next_signing_envelope = NULL, signing_overlap_until = NULL`
        : sql`
            signing_envelope = CASE WHEN signing_overlap_until <= now() THEN next_signing_envelope ELSE signing_envelope END,
            next_signing_envelope = ${signingEnvelope},
            signing_overlap_until = now() + ${Duration.toMillis(overlap)}::float8 * interval '1 millisecond'`
      return first(guarded(sql`
        UPDATE destinations d SET ${changes}, updated_at = now()
        WHERE id = ${id} AND deleted_at IS NULL
        RETURNING ${destinationJson(sql)} AS value`))
    }),

    settleRotations: Effect.asVoid(guarded(sql`
      UPDATE destinations SET
        signing_envelope = next_signing_envelope,
        next_signing_envelope = NULL,
        signing_overlap_until = NULL
      WHERE id IN (
        SELECT id FROM destinations WHERE signing_overlap_until <= now()
        ORDER BY id LIMIT ${settledAtOnce} FOR NO KEY UPDATE SKIP LOCKED
      )`)).pipe(Effect.withSpan("DestinationStore.settleRotations")),

    listOf: Effect.fn("DestinationStore.listOf")((integrationId) =>
      values(guarded(sql`
        SELECT ${destinationJson(sql)} AS value FROM destinations d
        WHERE d.integration_id = ${integrationId} AND d.deleted_at IS NULL ORDER BY d.id`))
    )
  })
})
