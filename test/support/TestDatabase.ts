// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { Effect, Layer, Redacted } from "effect"
import { randomUUID } from "node:crypto"
import { inject } from "vitest"
import * as Postgres from "../../src/layers/Postgres.ts"

export const clientOf = (url: string, maxConnections = 10) =>
  Postgres.layer({ url: Redacted.make(url), applicationName: "sluice-test", maxConnections })

const onServer = <A, E>(statement: (sql: SqlClient.SqlClient) => Effect.Effect<A, E>) =>
  Effect.flatMap(SqlClient.SqlClient, statement).pipe(Effect.provide(clientOf(inject("postgresUrl"), 1)), Effect.orDie)

/** A database of its own for the life of the scope; its URL. `template` is what it starts as. */
export const acquireDatabase = (template: string) =>
  Effect.acquireRelease(
    Effect.gen(function*() {
      const name = `test_${randomUUID().replaceAll("-", "")}`
      // Copied as files: through the log, which is the default, it takes three times as long.
      yield* onServer((sql) => sql`CREATE DATABASE ${sql(name)} TEMPLATE ${sql(template)} STRATEGY FILE_COPY`)
      const url = new URL(inject("postgresUrl"))
      url.pathname = `/${name}`
      return { name, url: url.href }
    }),
    ({ name }) => onServer((sql) => sql`DROP DATABASE IF EXISTS ${sql(name)} WITH (FORCE)`)
  ).pipe(Effect.map(({ url }) => url))

/** A fresh migrated database and its client. */
export const TestDatabase = Layer.unwrapScoped(
  Effect.map(acquireDatabase(inject("migratedTemplate")), (url) => clientOf(url))
)
