import { SqlClient } from "@effect/sql"
import { Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { guarded, rows, type StoreError } from "./Store.ts"

export interface NewSecret {
  readonly id: string
  readonly integrationId: string
  readonly envelope: string
  readonly hint: string
  /** None: from now on. */
  readonly validFrom: Option.Option<DateTime.Utc>
  /** None: for ever. */
  readonly validUntil: Option.Option<DateTime.Utc>
}

/** The rows of integrations' secrets. An end that has passed counts as now: what was taken in before stays as it was. */
export class SecretStore extends Context.Tag("sluice/services/store/SecretStore")<SecretStore, {
  readonly insert: (secret: NewSecret) => Effect.Effect<void, StoreError>
  /** The envelopes of those of an integration's secrets that are valid, or will be. */
  readonly live: (integrationId: string) => Effect.Effect<
    ReadonlyArray<{ readonly id: string; readonly envelope: string }>,
    StoreError
  >
  /** Ends one; none: it does not end. */
  readonly end: (id: string, at: Option.Option<DateTime.Utc>) => Effect.Effect<void, StoreError>
  /** Ends those of an integration's secrets that would be valid longer. */
  readonly endAll: (integrationId: string, at: DateTime.Utc) => Effect.Effect<void, StoreError>
  readonly remove: (id: string) => Effect.Effect<void, StoreError>
}>() {
  static readonly layer = Layer.effect(SecretStore, Effect.suspend(() => make))
}

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient

  const moment = (at: Option.Option<DateTime.Utc>) =>
    Option.match(at, { onNone: () => null, onSome: DateTime.toDateUtc })

  return SecretStore.of({
    insert: Effect.fn("SecretStore.insert")(function*(_) {
      yield* guarded(sql`
        INSERT INTO integration_secrets (id, integration_id, envelope, hint, valid_from, valid_until)
        VALUES (
          ${_.id}, ${_.integrationId}, ${_.envelope}, ${_.hint}, coalesce(${moment(_.validFrom)}::timestamptz, now()),
          ${moment(_.validUntil)}
        )`)
    }),

    live: Effect.fn("SecretStore.live")((integrationId) =>
      guarded(sql`
        SELECT id, envelope FROM integration_secrets
        WHERE integration_id = ${integrationId} AND coalesce(valid_until > now(), true) ORDER BY id`).pipe(
        Effect.flatMap(rows(Schema.Struct({ id: Schema.String, envelope: Schema.String })))
      )
    ),

    end: Effect.fn("SecretStore.end")(function*(id, at) {
      yield* guarded(sql`
        UPDATE integration_secrets SET valid_until = CASE
          WHEN ${moment(at)}::timestamptz > now() THEN ${moment(at)}::timestamptz
          WHEN ${moment(at)}::timestamptz IS NOT NULL THEN least(valid_until, now())
        END
        WHERE id = ${id}`)
    }),

    endAll: Effect.fn("SecretStore.endAll")(function*(integrationId, at) {
      yield* guarded(sql`
        UPDATE integration_secrets SET valid_until = greatest(${moment(Option.some(at))}::timestamptz, now())
        WHERE id IN (
          SELECT id FROM integration_secrets
          WHERE integration_id = ${integrationId}
            AND coalesce(valid_until > greatest(${moment(Option.some(at))}::timestamptz, now()), true)
          ORDER BY id
          FOR UPDATE
        )`)
    }),

    remove: Effect.fn("SecretStore.remove")(function*(id) {
      yield* guarded(sql`DELETE FROM integration_secrets WHERE id = ${id}`)
    })
  })
})
