// @effect-diagnostics strictEffectProvide:off
import { Effect, Layer, Logger, Option, type Redacted } from "effect"
import { EmbeddedPostgres } from "./embedded/EmbeddedPostgres.ts"
import * as Environment from "./Environment.ts"
import * as Migrations from "./Migrations.ts"
import * as Postgres from "./Postgres.ts"

/**
 * The database of a job: the one that DATABASE_URL names, else the embedded one in DATA_DIR, which is attached to where
 * `npm start` runs it, and started for as long as the job takes where it does not.
 */
export const layer = (
  variables: Environment.Variables,
  applicationName: string,
  { unhurried } = { unhurried: true }
) => {
  const connect = (url: Redacted.Redacted) => Postgres.layer({ url, applicationName, maxConnections: 3, unhurried })
  return Option.match(variables.databaseUrl, {
    onSome: connect,
    onNone: () =>
      Layer.unwrapEffect(Effect.map(EmbeddedPostgres, ({ url }) => connect(url))).pipe(
        Layer.provide(EmbeddedPostgres.layer({ directory: variables.dataDir, durable: true, exclusive: false }))
      )
  })
}

/** `npm run db:migrate`. */
export const migrate = Effect.gen(function*() {
  const variables = yield* Environment.read
  yield* Effect.gen(function*() {
    const ran = yield* Effect.provide(Migrations.migrate(variables.migrationsTable), layer(variables, "sluice-migrate"))
    yield* Effect.logInfo(ran.length === 0 ? "The database is up to date" : "The database was migrated", {
      ran,
      database: Option.match(variables.databaseUrl, {
        onNone: () => `embedded, in ${variables.dataDir}`,
        onSome: () => "DATABASE_URL"
      })
    })
  }).pipe(Effect.provide(Logger.minimumLogLevel(variables.logLevel)))
})
