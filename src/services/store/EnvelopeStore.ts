import { SqlClient } from "@effect/sql"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { guarded, rows, type StoreError } from "./Store.ts"

/** A table with envelopes in it. The first of its keys is what an envelope's place names. */
export interface SealedTable {
  readonly name: string
  readonly keys: ReadonlyArray<{ readonly name: string; readonly type: "uuid" | "timestamptz" }>
  readonly columns: ReadonlyArray<{ readonly name: string; readonly place: string }>
}

const id = [{ name: "id", type: "uuid" }] as const

/** Everywhere that envelopes stand. */
export const sealedTables: ReadonlyArray<SealedTable> = [
  {
    name: "integrations",
    keys: id,
    columns: [{ name: "verify_token_envelope", place: "verify-token" }]
  },
  { name: "integration_secrets", keys: id, columns: [{ name: "envelope", place: "secret" }] },
  {
    name: "destinations",
    keys: id,
    // One row's are read together: at the end of a rotation the second takes the place of the first.
    columns: [{ name: "signing_envelope", place: "signing" }, { name: "next_signing_envelope", place: "signing" }]
  },
  { name: "rejections", keys: id, columns: [{ name: "sealed_headers", place: "rejection" }] },
  {
    name: "event_bodies",
    keys: [{ name: "event_id", type: "uuid" }, { name: "received_at", type: "timestamptz" }],
    columns: [{ name: "sealed_headers", place: "event" }]
  }
]

/** The keys of a row, as PostgreSQL writes them. */
export type Keys = ReadonlyArray<string>

/** A row's envelopes, in the order of the table's columns; null where there is none, or none to be replaced. */
export const Sealed = Schema.Struct({
  keys: Schema.Array(Schema.String),
  envelopes: Schema.Array(Schema.NullOr(Schema.String))
})
export type Sealed = typeof Sealed.Type

export interface Replacement {
  readonly keys: Keys
  readonly opened: string
  readonly sealed: string
}

/** The envelopes of all tables, for whoever seals them anew. */
export class EnvelopeStore extends Context.Tag("sluice/services/store/EnvelopeStore")<EnvelopeStore, {
  /** The next rows in the order of their keys, with those of their envelopes that are sealed with another key. */
  readonly page: (
    table: SealedTable,
    page: { readonly after: Option.Option<Keys>; readonly keyId: string; readonly limit: number }
  ) => Effect.Effect<ReadonlyArray<Sealed>, StoreError>
  /** Puts envelopes in the place of those that were opened, where they still stand; how many were replaced. */
  readonly replace: (
    table: SealedTable,
    column: string,
    replacements: ReadonlyArray<Replacement>
  ) => Effect.Effect<number, StoreError>
}>() {
  static readonly layer = Layer.effect(EnvelopeStore, Effect.suspend(() => make))
}

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const names = (table: SealedTable, alias: string) =>
    sql.csv(table.keys.map(({ name }) => sql`${sql(alias)}.${sql(name)}`))
  const match = (table: SealedTable, alias: string) =>
    sql.and(table.keys.map(({ name }) => sql`t.${sql(name)} = ${sql(alias)}.${sql(name)}`))

  return EnvelopeStore.of({
    page: Effect.fn("EnvelopeStore.page")((table, { after, keyId, limit }) => {
      const keys = names(table, "t")
      const envelopes = table.columns.map(({ name }) =>
        sql`CASE WHEN split_part(t.${sql(name)}, '.', 2) <> ${keyId} THEN t.${sql(name)} END`
      )
      const place = (reached: Keys) =>
        sql`WHERE (${keys}) > (${
          sql.csv(table.keys.map(({ type }, index) => sql`${reached[index]}::${sql.literal(type)}`))
        })`
      return guarded(sql`
        SELECT ARRAY[${sql.csv(table.keys.map(({ name }) => sql`t.${sql(name)}::text`))}] AS keys,
          ARRAY[${sql.csv(envelopes)}]::text[] AS envelopes
        FROM ${sql(table.name)} t
        ${Option.match(after, { onNone: () => sql.literal(""), onSome: place })}
        ORDER BY ${keys} LIMIT ${limit}`).pipe(Effect.flatMap(rows(Sealed)))
    }),

    replace: Effect.fn("EnvelopeStore.replace")(function*(table, column, replacements) {
      const arrays = table.keys.map(({ type }, index) =>
        sql`${replacements.map((_) => _.keys[index])}::${sql.literal(type)}[]`
      )
      const replaced = yield* guarded(sql`
        WITH change AS (
          SELECT * FROM unnest(
            ${sql.csv(arrays)}, ${replacements.map((_) => _.opened)}::text[], ${
        replacements.map((_) => _.sealed)
      }::text[]
          ) AS change (${sql.csv(table.keys.map(({ name }) => sql`${sql(name)}`))}, opened, sealed)
        ), locked AS (
          SELECT change.* FROM change JOIN ${sql(table.name)} t ON ${match(table, "change")}
          WHERE t.${sql(column)} = change.opened
          ORDER BY ${names(table, "t")}
          FOR NO KEY UPDATE OF t
        )
        UPDATE ${sql(table.name)} t SET ${sql(column)} = locked.sealed
        FROM locked WHERE ${match(table, "locked")} AND t.${sql(column)} = locked.opened
        RETURNING 1`)
      return replaced.length
    })
  })
})
