import { SqlClient } from "@effect/sql"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { SignatureNames } from "../../domain/Destination.ts"
import { DestinationId } from "../../domain/Ids.ts"
import * as SigningEnvelopes from "./SigningEnvelopes.ts"
import { guarded, rows, type StoreError } from "./Store.ts"

/** What a call of a destination needs beside an event. */
export const Called = Schema.Struct({
  destinationId: DestinationId,
  integrationSlug: Schema.String,
  url: Schema.String,
  signatureNames: SignatureNames,
  ...SigningEnvelopes.SigningEnvelopes.fields,
  /** Milliseconds since the epoch, by the database's clock. */
  now: Schema.Number
})
export type Called = typeof Called.Type

/** Destinations, as a test calls them. */
export class CallbackTestStore extends Context.Tag("sluice/services/store/CallbackTestStore")<CallbackTestStore, {
  /** Whatever its status; none when it is deleted. */
  readonly find: (id: DestinationId) => Effect.Effect<Option.Option<Called>, StoreError>
}>() {
  static readonly layer = Layer.effect(
    CallbackTestStore,
    Effect.map(SqlClient.SqlClient, (sql) =>
      CallbackTestStore.of({
        find: Effect.fn("CallbackTestStore.find")(function*(id) {
          const [found] = yield* sql`
            SELECT destination.id AS "destinationId", i.slug AS "integrationSlug", destination.url,
              destination.signature_names AS "signatureNames", ${SigningEnvelopes.columns(sql)},
              (extract(epoch FROM now()) * 1000)::float8 AS now
            FROM destinations destination
            JOIN integrations i ON i.id = destination.integration_id
            WHERE destination.id = ${id} AND destination.deleted_at IS NULL`.pipe(guarded, Effect.flatMap(rows(Called)))
          return Option.fromNullable(found)
        })
      }))
  )
}
