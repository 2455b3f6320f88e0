import type { SqlClient } from "@effect/sql"
import { Effect, Schema } from "effect"
import { DestinationStatus } from "../domain/Destination.ts"
import { Filter } from "../domain/Filter.ts"
import { DestinationId, IntegrationId, SecretId } from "../domain/Ids.ts"
import { CustomResponse, IntegrationStatus } from "../domain/Integration.ts"
import { Override } from "../domain/verification/Naming.ts"
import { guarded, rows } from "./store/Store.ts"

/** An integration's row as this revision knows it. */
const Row = Schema.Struct({
  id: IntegrationId,
  slug: Schema.String,
  status: IntegrationStatus,
  provider: Schema.String,
  options: Schema.Unknown,
  scheme: Schema.Unknown,
  dedupe: Schema.OptionFromNullOr(Override),
  eventType: Schema.OptionFromNullOr(Override),
  response: Schema.OptionFromNullOr(CustomResponse),
  verifyTokenEnvelope: Schema.OptionFromNullOr(Schema.String),
  rateLimitPerMinute: Schema.OptionFromNullOr(Schema.Int),
  secrets: Schema.Array(Schema.Struct({
    id: SecretId,
    envelope: Schema.String,
    validFrom: Schema.Number,
    validUntil: Schema.NullOr(Schema.Number)
  })),
  destinations: Schema.Array(Schema.Struct({ id: DestinationId, status: DestinationStatus, filter: Filter }))
})

/** What is to be known of a row that this revision may not be able to read. */
export const Found = Schema.Struct(
  { slug: Schema.String, status: Schema.String },
  { key: Schema.String, value: Schema.Unknown }
)
/** Strictly: what another revision has added may say how a webhook is to be verified. */
export const decode = Schema.decodeUnknown(Row, { onExcessProperty: "error" })

export const isId = Schema.is(IntegrationId)

/** The rows, one at most, that go by an id or slug. `rateLimitPerMinute` is that of integrations without one of their own. */
export const find = (sql: SqlClient.SqlClient, reference: string, rateLimitPerMinute: number) =>
  sql`
    SELECT i.id, i.slug, i.status, i.provider, i.options, i.scheme, i.dedupe, i.event_type AS "eventType", i.response,
      i.verify_token_envelope AS "verifyTokenEnvelope",
      CASE WHEN i.rate_limited THEN coalesce(i.rate_limit_per_minute, ${rateLimitPerMinute}::int) END
        AS "rateLimitPerMinute",
      (
        SELECT coalesce(json_agg(json_build_object(
          'id', s.id, 'envelope', s.envelope, 'validFrom', extract(epoch FROM s.valid_from) * 1000,
          'validUntil', extract(epoch FROM s.valid_until) * 1000
        ) ORDER BY s.id DESC), '[]')
        FROM integration_secrets s WHERE s.integration_id = i.id
      ) AS secrets,
      (
        SELECT coalesce(json_agg(json_build_object('id', d.id, 'status', d.status, 'filter', d.filter)), '[]')
        FROM destinations d WHERE d.integration_id = i.id AND d.deleted_at IS NULL
      ) AS destinations
    FROM integrations i
    WHERE i.deleted_at IS NULL AND ${isId(reference) ? sql`i.id = ${reference}` : sql`i.slug = ${reference}`}`.pipe(
    guarded,
    Effect.flatMap(rows(Found))
  )
