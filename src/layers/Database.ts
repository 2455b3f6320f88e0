// @effect-diagnostics strictEffectProvide:off
import { Effect, Layer, Option, type Redacted } from "effect"
import * as CallbackAddress from "../domain/CallbackAddress.ts"
import { Demo } from "../services/Demo.ts"
import { Settings } from "../services/Settings.ts"
import * as DataDirectory from "./DataDirectory.ts"
import { EmbeddedPostgres } from "./embedded/EmbeddedPostgres.ts"
import * as Environment from "./Environment.ts"
import * as MakeSettings from "./MakeSettings.ts"
import * as MemoryBroker from "./MemoryBroker.ts"
import * as MemoryCoordination from "./MemoryCoordination.ts"
import * as Migrations from "./Migrations.ts"
import * as Postgres from "./Postgres.ts"
import * as Services from "./Services.ts"

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
  const ran = yield* Effect.provide(Migrations.migrate(variables.migrationsTable), layer(variables, "sluice-migrate"))
  yield* Effect.logInfo(ran.length === 0 ? "The database is up to date" : "The database was migrated", { ran })
})

/** `npm run db:seed`: the demo integration and a few events of it in every state. */
export const seed = Effect.gen(function*() {
  const variables = yield* Environment.read
  const keys = yield* DataDirectory.keys(variables)
  const callbackPolicy = Option.isSome(variables.databaseUrl)
    ? variables.callbackPolicy
    : CallbackAddress.withLoopback(variables.callbackPolicy)
  const settings = MakeSettings.make(variables, { ...keys, callbackPolicy })
  const base = Option.getOrElse(variables.publicBaseUrl, () => `http://127.0.0.1:${variables.port}`)
  const services = Demo.layer.pipe(
    Layer.provide(Services.api),
    Layer.provide(Layer.mergeAll(
      Layer.succeed(Settings, settings),
      layer(variables, "sluice-seed"),
      // Nothing is queued here: the workers find what is due.
      MemoryBroker.layer(settings.queues),
      MemoryCoordination.layer
    ))
  )
  const added = yield* Effect.provide(
    Effect.flatMap(Demo, (demo) => demo.seed(`${base}/api/v1/internal/delivery-sink/demo`)),
    services
  )
  yield* Effect.logInfo(`The integration "demo" is there, with ${added} new events`)
})
