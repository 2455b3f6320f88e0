import { SqlClient } from "@effect/sql"
import { Array, Context, Duration, Effect, Layer, Option, Record, Schema } from "effect"
import type { DeliveryMessage } from "../../domain/QueueMessage.ts"
import * as Ids from "../Ids.ts"
import { Next } from "./DispatchStore.ts"
import { guarded, rows, type StoreError, transaction } from "./Store.ts"

/** A place in the order of due times. Times as PostgreSQL writes them, to the microsecond. */
export const Place = Schema.Struct({ dueAt: Schema.String, id: Schema.String })
export type Place = typeof Place.Type

export const start: Place = { dueAt: "-infinity", id: "00000000-0000-0000-0000-000000000000" }

/** One bounded step through the deliveries that are due: what needs a new message, and how far it came. */
export interface Step {
  readonly lost: ReadonlyArray<DeliveryMessage>
  /** How many of those stand in which state. */
  readonly states: Readonly<Record<string, number>>
  readonly reached: Place
  /** Whether nothing lies beyond. */
  readonly end: boolean
}

export interface Marker {
  readonly id: string
  /** When it was published, as PostgreSQL writes it. */
  readonly publishedAt: string
}

/** The name under which one worker at a time leads the sweeping. */
export const leadership = "sweeper"

/** What the sweeper reads and keeps. */
export class SweepStore extends Context.Tag("sluice/services/store/SweepStore")<SweepStore, {
  /** Makes the holder the leader for a time, or keeps it so; false when another one is. */
  readonly lead: (name: string, holder: string, ttl: Duration.Duration) => Effect.Effect<boolean, StoreError>
  readonly resign: (name: string, holder: string) => Effect.Effect<void, StoreError>
  /** From the place on: deliveries that no message was confirmed for, though they are due longer than the grace. */
  readonly unpublished: (from: Place, grace: Duration.Duration, limit: number) => Effect.Effect<Step, StoreError>
  /**
   * From the place on: deliveries whose message was queued before the marker, but which are neither claimed nor done
   * although the marker is back. A retry counts once it is overdue by the slack.
   */
  readonly lostBefore: (
    marker: Marker,
    from: Place,
    slack: Duration.Duration,
    limit: number
  ) => Effect.Effect<Step, StoreError>
  /** Whether a marker is to be sent: the last one came back so long ago, or has been away too long to be waited for. */
  readonly markerDue: (every: Duration.Duration, patience: Duration.Duration) => Effect.Effect<boolean, StoreError>
  /** Notes a marker that is about to be published. */
  readonly addMarker: (id: string) => Effect.Effect<void, StoreError>
  readonly removeMarker: (id: string) => Effect.Effect<void, StoreError>
  readonly returnMarker: (id: string) => Effect.Effect<void, StoreError>
  /** The newest marker that has been back for the given time; older ones are forgotten. */
  readonly returnedMarker: (since: Duration.Duration) => Effect.Effect<Option.Option<Marker>, StoreError>
  /** Makes the coming days' partitions, and forgets old rejections and the troubles of destinations that are deleted. */
  readonly maintain: (daysAhead: number, keepRejections: Duration.Duration) => Effect.Effect<void, StoreError>
}>() {
  static readonly layer = Layer.effect(SweepStore, Effect.suspend(() => make))
}

const rowsPerStatement = 1_000

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const interval = (duration: Duration.Duration) =>
    sql`${Duration.toMillis(duration)}::float8 * interval '1 millisecond'`

  const step = (from: Place, limit: number, statement: Effect.Effect<ReadonlyArray<unknown>, StoreError>) =>
    Effect.map(Effect.flatMap(statement, rows(Due)), (due): Step => {
      const last = due.at(-1)
      const lost = due.filter((_) => _.lost)
      return {
        states: Record.map(Array.groupBy(lost, (_) => _.state), (_) => _.length),
        lost: lost.map(({ attempt, deliveryId, destinationId, generation, v }) => ({
          v,
          deliveryId,
          generation,
          attempt,
          destinationId
        })),
        reached: last === undefined ? from : { dueAt: last.dueAt, id: last.deliveryId },
        end: due.length < limit
      }
    })

  const columns = sql`
    1 AS v, id AS "deliveryId", generation, next_attempt AS attempt, destination_id AS "destinationId",
    due_at::text AS "dueAt", state`

  const forgetRejections = Effect.fnUntraced(function*(keep: Duration.Duration) {
    const [time] = yield* sql`SELECT (extract(epoch FROM now() - ${interval(keep)}) * 1000)::float8 AS before`.pipe(
      guarded,
      Effect.flatMap(rows(Schema.Struct({ before: Schema.Number })))
    )
    const deleted = yield* guarded(sql`
      DELETE FROM rejections WHERE id IN (
        SELECT id FROM rejections WHERE id < ${
      Ids.at(Math.floor(time?.before ?? 0))
    } ORDER BY id LIMIT ${rowsPerStatement}
      ) RETURNING id`)
    return deleted.length
  })

  // Those of a deleted destination come also after its deletion, from an attempt that was under way.
  const forgetTroubles = guarded(sql`
    DELETE FROM destination_troubles WHERE destination_id IN (
      SELECT trouble.destination_id FROM destination_troubles trouble
      WHERE NOT EXISTS (SELECT FROM destinations d WHERE d.id = trouble.destination_id AND d.deleted_at IS NULL)
      ORDER BY trouble.destination_id LIMIT ${rowsPerStatement} FOR UPDATE
    ) RETURNING destination_id`).pipe(Effect.map((deleted) => deleted.length))

  return SweepStore.of({
    lead: Effect.fn("SweepStore.lead")(function*(name, holder, ttl) {
      const led = yield* guarded(sql`
        INSERT INTO leaderships (name, holder, until) VALUES (${name}, ${holder}, now() + ${interval(ttl)})
        ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
        WHERE leaderships.holder = excluded.holder OR leaderships.until < now()
        RETURNING name`)
      return led.length > 0
    }),

    resign: Effect.fn("SweepStore.resign")(function*(name, holder) {
      yield* guarded(sql`DELETE FROM leaderships WHERE name = ${name} AND holder = ${holder}`)
    }),

    unpublished: Effect.fn("SweepStore.unpublished")((from, grace, limit) =>
      step(
        from,
        limit,
        guarded(sql`
          SELECT ${columns}, state = 'pending' AS lost
          FROM deliveries
          WHERE due_at < now() - ${interval(grace)} AND (due_at, id) > (${from.dueAt}::timestamptz, ${from.id}::uuid)
          ORDER BY due_at, id LIMIT ${limit}`)
      )
    ),

    lostBefore: Effect.fn("SweepStore.lostBefore")((marker, from, slack, limit) =>
      step(
        from,
        limit,
        guarded(sql`
          SELECT ${columns},
            coalesce(CASE state
              WHEN 'pending' THEN true
              WHEN 'queued' THEN queued_at < ${marker.publishedAt}::timestamptz
              WHEN 'retrying' THEN due_at < ${marker.publishedAt}::timestamptz - ${interval(slack)}
              WHEN 'delivering' THEN lease_until < now()
            END, true) AS lost
          FROM deliveries
          WHERE due_at < ${marker.publishedAt}::timestamptz
            AND (due_at, id) > (${from.dueAt}::timestamptz, ${from.id}::uuid)
          ORDER BY due_at, id LIMIT ${limit}`)
      )
    ),

    markerDue: Effect.fn("SweepStore.markerDue")(function*(every, patience) {
      const recent = yield* guarded(sql`
        SELECT id FROM sweep_markers
        WHERE published_at > now() - CASE WHEN returned_at IS NULL THEN ${interval(patience)} ELSE ${
        interval(every)
      } END
        LIMIT 1`)
      return recent.length === 0
    }),

    addMarker: Effect.fn("SweepStore.addMarker")(function*(id) {
      yield* guarded(sql`INSERT INTO sweep_markers (id) VALUES (${id})`)
    }),

    removeMarker: Effect.fn("SweepStore.removeMarker")(function*(id) {
      yield* guarded(sql`DELETE FROM sweep_markers WHERE id = ${id}`)
    }),

    returnMarker: Effect.fn("SweepStore.returnMarker")(function*(id) {
      yield* guarded(sql`UPDATE sweep_markers SET returned_at = now() WHERE id = ${id} AND returned_at IS NULL`)
    }),

    returnedMarker: Effect.fn("SweepStore.returnedMarker")(function*(since) {
      const [marker] = yield* sql`
        SELECT id, published_at::text AS "publishedAt" FROM sweep_markers
        WHERE returned_at < now() - ${interval(since)}
        ORDER BY published_at DESC LIMIT 1`.pipe(
        guarded,
        Effect.flatMap(rows(Schema.Struct({ id: Schema.String, publishedAt: Schema.String })))
      )
      if (marker === undefined) return Option.none()
      yield* guarded(sql`DELETE FROM sweep_markers WHERE published_at < ${marker.publishedAt}::timestamptz`)
      return Option.some(marker)
    }),

    maintain: Effect.fn("SweepStore.maintain")(function*(daysAhead, keepRejections) {
      // One worker at a time: two of them would make the same tables.
      yield* transaction(
        sql,
        Effect.zipRight(
          sql`SELECT pg_advisory_xact_lock(hashtext('sluice partitions'))`,
          sql`SELECT ensure_partitions(${daysAhead})`
        )
      )
      yield* Effect.repeat(forgetRejections(keepRejections), { until: (deleted) => deleted < rowsPerStatement })
      yield* Effect.repeat(forgetTroubles, { until: (deleted) => deleted < rowsPerStatement })
    })
  })
})

const Due = Schema.Struct({ ...Next.fields, dueAt: Schema.String, state: Schema.String, lost: Schema.Boolean })
