import { SqlClient } from "@effect/sql"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { IntegrationId } from "../../domain/Ids.ts"
import { Integration, Slug } from "../../domain/Integration.ts"
import { Settings } from "../Settings.ts"
import { destinationJson } from "./DestinationStore.ts"
import { guarded, rows, type StoreError } from "./Store.ts"

/** The columns of a new or changed integration; `undefined` leaves a column as it is. JSON columns as JSON text. */
export interface IntegrationColumns {
  readonly slug?: string | undefined
  readonly name?: string | undefined
  readonly status?: string | undefined
  /** Null: no limit; `default`, or nothing with a new one: the gateway's. */
  readonly rateLimitPerMinute?: number | "default" | null | undefined
  readonly dedupe?: string | null | undefined
  readonly eventType?: string | null | undefined
  readonly response?: string | null | undefined
  readonly scheme?: string | undefined
  readonly options?: string | undefined
  readonly verifyTokenEnvelope?: string | null | undefined
}

export interface NewIntegration extends IntegrationColumns {
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly provider: string
  readonly options: string
}

/** The rows of integrations, as operators see them. */
export class IntegrationStore extends Context.Tag("sluice/services/store/IntegrationStore")<IntegrationStore, {
  readonly insert: (integration: NewIntegration) => Effect.Effect<void, StoreError>
  /** Keeps the row as it is until the transaction ends; false when there is no such integration. */
  readonly lock: (id: string) => Effect.Effect<boolean, StoreError>
  /** The transaction's moment, in milliseconds since the epoch. */
  readonly now: Effect.Effect<number, StoreError>
  /** Changes the given columns; false when there is no such integration. */
  readonly update: (id: string, columns: IntegrationColumns) => Effect.Effect<boolean, StoreError>
  /** Marks the integration and its destinations as deleted; false when there is none. */
  readonly remove: (id: string) => Effect.Effect<boolean, StoreError>
  /** The id behind an id or slug; behind an id also where the integration is deleted. */
  readonly idOf: (reference: string) => Effect.Effect<Option.Option<IntegrationId>, StoreError>
  /** By id or slug. */
  readonly find: (reference: string) => Effect.Effect<Option.Option<Integration>, StoreError>
  /** Newest first, those before the cursor. */
  readonly list: (page: { readonly before: Option.Option<string>; readonly limit: number }) => Effect.Effect<
    ReadonlyArray<Integration>,
    StoreError
  >
}>() {
  static readonly layer = Layer.effect(IntegrationStore, Effect.suspend(() => make))
}

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const { rateLimitPerMinute: defaultLimit } = yield* Settings

  const select = sql`
    SELECT json_build_object(
      'id', i.id, 'slug', i.slug, 'name', i.name, 'provider', i.provider, 'options', i.options, 'scheme', i.scheme,
      'status', i.status, 'hasVerifyToken', i.verify_token_envelope IS NOT NULL,
      'rateLimitPerMinute', CASE WHEN i.rate_limited THEN coalesce(i.rate_limit_per_minute, ${defaultLimit}::int) END,
      'dedupe', i.dedupe, 'eventType', i.event_type, 'response', i.response,
      'secrets', (
        SELECT coalesce(json_agg(json_build_object(
          'id', s.id, 'hint', s.hint, 'validFrom', s.valid_from, 'validUntil', s.valid_until
        ) ORDER BY s.id), '[]')
        FROM integration_secrets s WHERE s.integration_id = i.id
      ),
      'destinations', (
        SELECT coalesce(json_agg(${destinationJson(sql)} ORDER BY d.id), '[]')
        FROM destinations d WHERE d.integration_id = i.id AND d.deleted_at IS NULL
      ),
      'createdAt', i.created_at, 'updatedAt', i.updated_at
    ) AS value
    FROM integrations i
    WHERE i.deleted_at IS NULL`

  const values = (statement: Effect.Effect<ReadonlyArray<unknown>, StoreError>) =>
    statement.pipe(
      Effect.flatMap(rows(Schema.Struct({ value: Integration }))),
      Effect.map((found) => found.map((_) => _.value))
    )

  return IntegrationStore.of({
    insert: Effect.fn("IntegrationStore.insert")(function*(_) {
      yield* guarded(sql`
        INSERT INTO integrations (
          id, slug, name, provider, options, status, rate_limit_per_minute, rate_limited, dedupe, event_type, response,
          scheme, verify_token_envelope
        ) VALUES (
          ${_.id}, ${_.slug}, ${_.name}, ${_.provider}, ${_.options}::jsonb, ${_.status ?? "active"},
          ${ownLimit(_.rateLimitPerMinute)}, ${_.rateLimitPerMinute !== null}, ${_.dedupe ?? null}::jsonb,
          ${_.eventType ?? null}::jsonb, ${_.response ?? null}::jsonb, ${_.scheme ?? null}::jsonb,
          ${_.verifyTokenEnvelope ?? null}
        )`)
    }),

    lock: Effect.fn("IntegrationStore.lock")(function*(id) {
      const locked = yield* guarded(sql`
        SELECT id FROM integrations WHERE id = ${id} AND deleted_at IS NULL FOR NO KEY UPDATE`)
      return locked.length > 0
    }),

    now: guarded(sql`SELECT (extract(epoch FROM now()) * 1000)::float8 AS now`).pipe(
      Effect.flatMap(rows(Schema.Struct({ now: Schema.Number }))),
      Effect.map(([row]) => row?.now ?? 0)
    ),

    update: Effect.fn("IntegrationStore.update")(function*(id, columns) {
      const changes = [
        ...given(columns.slug, (_) => sql`slug = ${_}`),
        ...given(columns.name, (_) => sql`name = ${_}`),
        ...given(columns.status, (_) => sql`status = ${_}`),
        ...given(
          columns.rateLimitPerMinute,
          (_) => sql`rate_limit_per_minute = ${ownLimit(_)}, rate_limited = ${_ !== null}`
        ),
        ...given(columns.dedupe, (_) => sql`dedupe = ${_}::jsonb`),
        ...given(columns.eventType, (_) => sql`event_type = ${_}::jsonb`),
        ...given(columns.response, (_) => sql`response = ${_}::jsonb`),
        ...given(columns.options, (_) => sql`options = ${_}::jsonb`),
        ...given(columns.scheme, (_) => sql`scheme = ${_}::jsonb`),
        ...given(columns.verifyTokenEnvelope, (_) => sql`verify_token_envelope = ${_}`),
        sql`updated_at = now()`
      ]
      const changed = yield* guarded(sql`
        UPDATE integrations SET ${sql.csv(changes)} WHERE id = ${id} AND deleted_at IS NULL RETURNING id`)
      return changed.length > 0
    }),

    remove: Effect.fn("IntegrationStore.remove")(function*(id) {
      const removed = yield* guarded(sql`
        UPDATE integrations SET deleted_at = now(), updated_at = now()
        WHERE id = ${id} AND deleted_at IS NULL RETURNING id`)
      yield* guarded(sql`
        UPDATE destinations SET deleted_at = now(), updated_at = now()
        WHERE integration_id = ${id} AND deleted_at IS NULL`)
      return removed.length > 0
    }),

    idOf: Effect.fn("IntegrationStore.idOf")(function*(reference) {
      if (!isId(reference) && !isSlug(reference)) return Option.none()
      const key = isId(reference) ? sql`id = ${reference}` : sql`slug = ${reference} AND deleted_at IS NULL`
      const [found] = yield* sql`SELECT id FROM integrations WHERE ${key}`.pipe(
        guarded,
        Effect.flatMap(rows(Schema.Struct({ id: IntegrationId })))
      )
      return Option.map(Option.fromNullable(found), (_) => _.id)
    }),

    find: Effect.fn("IntegrationStore.find")(function*(reference) {
      // Anything else names nothing, and may hold what PostgreSQL does not take.
      if (!isId(reference) && !isSlug(reference)) return Option.none()
      const key = isId(reference) ? sql`i.id = ${reference}` : sql`i.slug = ${reference}`
      const [found] = yield* values(guarded(sql`${select} AND ${key}`))
      return Option.fromNullable(found)
    }),

    list: Effect.fn("IntegrationStore.list")(({ before, limit }) =>
      values(guarded(sql`
        ${select} ${Option.match(before, { onNone: () => sql.literal(""), onSome: (id) => sql`AND i.id < ${id}` })}
        ORDER BY i.id DESC LIMIT ${limit}`))
    )
  })
})

const isId = Schema.is(IntegrationId)
const isSlug = Schema.is(Slug)

const ownLimit = (limit: IntegrationColumns["rateLimitPerMinute"]): number | null =>
  limit === undefined || limit === "default" ? null : limit

const given = <A, B>(value: A | undefined, change: (value: A) => B): ReadonlyArray<B> =>
  value === undefined ? [] : [change(value)]
