import { SqlClient } from "@effect/sql"
import { Array, Context, Effect, Layer, Order, Schema } from "effect"
import { DestinationStatus } from "../../domain/Destination.ts"
import type { DeliveryId, DestinationId } from "../../domain/Ids.ts"
import * as Audit from "../Audit.ts"
import { Settings } from "../Settings.ts"
import * as Breaker from "./Breaker.ts"
import { guarded, planKept, rows, type StoreError, transaction } from "./Store.ts"

/** What one attempt came to, and where its delivery goes from there. */
export interface Report {
  readonly deliveryId: DeliveryId
  readonly destinationId: DestinationId
  /** Where the call went: the destination may have another URL by now. */
  readonly url: string
  readonly token: string
  readonly generation: number
  readonly attempt: number
  /** Milliseconds since the epoch, by the database's clock. */
  readonly startedAt: number
  readonly durationMs: number
  readonly httpStatus: number | null
  /** Null when it succeeded. */
  readonly error: string | null
  readonly responseBody: string | null
  readonly state: "delivered" | "retrying" | "dead"
  /** Milliseconds from now to the next attempt, where there is one. */
  readonly delayMs: number | null
  /** Whether the failure is the destination's, and counts towards opening its breaker. */
  readonly blamed: boolean
  /** The callback says that it is gone for good: with the record its destination is disabled, if it has the URL still. */
  readonly gone: boolean
}

/** Where attempts come to stand, together with the state that follows from them. */
export class RecordStore extends Context.Tag("sluice/services/store/RecordStore")<RecordStore, {
  /**
   * Records all in one transaction; for each, in order, whether its claim was still its own. Where it was not, the row
   * belongs to a successor and stays as it is.
   */
  readonly record: (reports: ReadonlyArray<Report>) => Effect.Effect<ReadonlyArray<boolean>, StoreError>
}>() {
  static readonly layer = Layer.effect(RecordStore, Effect.suspend(() => make))
}

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const { breaker } = yield* Settings
  const append = Audit.appendTo(sql)

  // Whether an earlier try has inserted this very attempt.
  const isNoted = sql`EXISTS (
    SELECT FROM attempts a
    WHERE a.delivery_id = report.id AND a.generation = report.generation AND a.number = report.attempt
      AND a.started_at = to_timestamp(report.started_ms / 1000)
      AND a.recorded_at >= to_timestamp(report.started_ms / 1000)
  )`

  const record = (reports: ReadonlyArray<Report>) => {
    const column = <A>(of: (report: Report) => A): ReadonlyArray<A> => reports.map(of)
    return sql`${planKept(sql)}
      WITH report AS (
        SELECT * FROM unnest(
          (SELECT ${column((_) => _.deliveryId)}::uuid[]), ${column((_) => _.token)}::uuid[],
          ${column((_) => _.generation)}::int[], ${column((_) => _.attempt)}::int[],
          ${column((_) => _.startedAt)}::float8[], ${column((_) => _.durationMs)}::int[],
          ${column((_) => _.httpStatus)}::int[], ${column((_) => _.error)}::text[],
          ${column((_) => _.responseBody)}::text[], ${column((_) => _.state)}::text[],
          ${column((_) => _.delayMs)}::float8[], ${column((_) => _.blamed)}::boolean[]
        ) AS report (
          id, token, generation, attempt, started_ms, duration_ms, http_status, error, response_body, state, delay_ms,
          blamed
        )
      ), locked AS (
        SELECT report.*, d.claim_token IS NOT DISTINCT FROM report.token AS ours,
          d.generation > report.generation AND NOT (${isNoted}) AS replayed,
          d.state = 'cancelled' AND report.state <> 'delivered' AS cancelled
        FROM (SELECT * FROM report ORDER BY id) AS report CROSS JOIN LATERAL (
          SELECT claim_token, generation, state FROM deliveries WHERE id = report.id LIMIT 1 FOR UPDATE
        ) AS d
      ), moved AS (
        UPDATE deliveries d SET
          -- Cancelled meanwhile: it goes no further, unless this was the attempt that it needed.
          state = CASE WHEN locked.cancelled THEN d.state ELSE locked.state END,
          next_attempt = locked.attempt + 1,
          attempt_count = d.attempt_count + 1,
          claim_token = NULL,
          lease_until = NULL,
          due_at = CASE
            WHEN locked.state = 'retrying' AND NOT locked.cancelled THEN now() + locked.delay_ms * interval '1 millisecond'
          END,
          failed_at = CASE WHEN locked.cancelled THEN d.failed_at WHEN locked.state = 'dead' THEN now() END,
          last_error = locked.error,
          updated_at = now()
        FROM locked
        WHERE d.id = locked.id AND locked.ours AND d.id = ANY(ARRAY(SELECT id FROM locked))
        RETURNING locked.token, d.destination_id, d.state, locked.blamed
      ), ${Breaker.note(sql, breaker)}, counted AS (
        -- A call that was under way when a replay began belongs to the old generation, but it was made.
        UPDATE deliveries d SET attempt_count = d.attempt_count + 1
        FROM locked
        WHERE d.id = locked.id AND locked.replayed AND NOT locked.ours AND d.id = ANY(ARRAY(SELECT id FROM locked))
      ), noted AS (
        INSERT INTO attempts (
          delivery_id, generation, number, started_at, duration_ms, outcome, http_status, error, response_body
        )
        SELECT id, generation, attempt, to_timestamp(started_ms / 1000), duration_ms,
          CASE WHEN error IS NULL THEN 'success' ELSE 'failure' END, http_status, error, response_body
        FROM locked
        WHERE ours OR replayed
      )
      SELECT token FROM moved`.pipe(
      guarded,
      Effect.flatMap(tokenRows),
      Effect.map((moved) => new Set(moved.map((_) => _.token)))
    )
  }

  /** A statement changes a row once: of several reports of one delivery each gets a statement of its own. */
  const recordAll = (reports: ReadonlyArray<Report>): Effect.Effect<ReadonlySet<string>, StoreError> => {
    const seen = new Set<string>()
    const [first, more] = Array.partition(reports, ({ deliveryId }) => seen.size === seen.add(deliveryId).size)
    return more.length === 0
      ? record(first)
      : Effect.zipWith(
        record(first),
        Effect.suspend(() => recordAll(more)),
        (one, other) => new Set([...one, ...other])
      )
  }

  /** Those that an earlier try has recorded, whose answer was lost: the row stands where they have brought it. */
  const recorded = (reports: ReadonlyArray<Report>) =>
    sql`
      SELECT report.token
      FROM unnest(
        ${reports.map((_) => _.deliveryId)}::uuid[], ${reports.map((_) => _.token)}::uuid[],
        ${reports.map((_) => _.generation)}::int[], ${reports.map((_) => _.attempt)}::int[],
        ${reports.map((_) => _.startedAt)}::float8[]
      ) AS report (id, token, generation, attempt, started_ms)
      JOIN deliveries d
        ON d.id = report.id AND d.generation = report.generation AND d.next_attempt = report.attempt + 1
      WHERE ${isNoted}`.pipe(
      guarded,
      Effect.flatMap(tokenRows),
      Effect.map((found) => new Set(found.map((_) => _.token)))
    )

  const disable = Effect.fnUntraced(function*({ destinationId, url }: Report) {
    const [disabled] = yield* sql`
      WITH before AS (
        SELECT id, status FROM destinations
        WHERE id = ${destinationId} AND url = ${url} AND status <> 'disabled'
        FOR NO KEY UPDATE
      )
      UPDATE destinations d SET status = 'disabled', updated_at = now()
      FROM before WHERE d.id = before.id
      RETURNING before.status`.pipe(guarded, Effect.flatMap(statusRows))
    if (disabled === undefined) return
    yield* append({
      actor: "sluice",
      action: "destination.disabled",
      subjectType: "destination",
      subjectId: destinationId,
      detail: { reason: "the callback answered 410 Gone", before: disabled, after: { status: "disabled" } }
    })
  })

  /** Whoever records what was a successor's has no say in it. */
  const disableAll = (reports: ReadonlyArray<Report>, moved: ReadonlySet<string>) => {
    const gone = reports.filter((_) => _.gone && moved.has(_.token))
    return Effect.forEach(Array.sort(Array.dedupeWith(gone, isSameCallback), byDestination), disable)
  }

  return RecordStore.of({
    record: Effect.fnUntraced(function*(reports) {
      const moved = reports.some((_) => _.gone)
        ? yield* transaction(sql, Effect.tap(recordAll(reports), (moved) => disableAll(reports, moved)))
        : yield* recordAll(reports)
      const others = reports.filter((_) => !moved.has(_.token))
      const before = others.length === 0 ? moved : yield* recorded(others)
      return reports.map((_) => moved.has(_.token) || before.has(_.token))
    })
  })
})

const tokenRows = rows(Schema.Struct({ token: Schema.String }))
const statusRows = rows(Schema.Struct({ status: DestinationStatus }))

const isSameCallback = (one: Report, other: Report) =>
  one.destinationId === other.destinationId && one.url === other.url

const byDestination = Order.mapInput(Order.string, (_: Report) => _.destinationId)
