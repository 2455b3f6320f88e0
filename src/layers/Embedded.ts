// @effect-diagnostics strictEffectProvide:off
import * as NodeContext from "@effect/platform-node/NodeContext"
import { Effect, Layer, Logger, Option, type Redacted } from "effect"
import * as CallbackAddress from "../domain/CallbackAddress.ts"
import { Demo } from "../services/Demo.ts"
import { Settings } from "../services/Settings.ts"
import * as Api from "./Api.ts"
import * as DataDirectory from "./DataDirectory.ts"
import { EmbeddedPostgres } from "./embedded/EmbeddedPostgres.ts"
import * as Environment from "./Environment.ts"
import * as MakeSettings from "./MakeSettings.ts"
import * as MemoryBroker from "./MemoryBroker.ts"
import * as MemoryCoordination from "./MemoryCoordination.ts"
import * as Migrations from "./Migrations.ts"
import * as OtlpTraces from "./OtlpTraces.ts"
import * as Postgres from "./Postgres.ts"
import * as RabbitMqBroker from "./RabbitMqBroker.ts"
import * as RedisCoordination from "./RedisCoordination.ts"
import * as Services from "./Services.ts"
import * as Welcome from "./Welcome.ts"
import * as Worker from "./Worker.ts"

const applicationName = "sluice"
const connections = 20

/** `npm start`: both roles in one process, on PostgreSQL from npm and the twins, or on whichever server is given. */
export const layer = Layer.unwrapEffect(Effect.gen(function*() {
  const variables = yield* Environment.read
  const keys = yield* DataDirectory.keys(variables)
  const settings = MakeSettings.make(variables, {
    ...keys,
    // The delivery sink, and whatever else a person tries this out with, listens here.
    callbackPolicy: CallbackAddress.withLoopback(variables.callbackPolicy)
  })

  const coordination = Option.match(variables.redisUrl, {
    onNone: () => MemoryCoordination.layer,
    onSome: RedisCoordination.layer
  })
  const broker = Option.match(variables.rabbitMqUrl, {
    onNone: () => MemoryBroker.layer(settings.queues),
    onSome: (url) => RabbitMqBroker.layer({ url, queues: settings.queues })
  })
  const given = { managementKeyFile: keys.managementKeyFile }

  // The worker stops first: it may be calling the sink of this very process.
  const program = (data: Option.Option<string>) =>
    Layer.effectDiscard(Welcome.greet({ ...given, data })).pipe(
      Layer.provide(Demo.layer),
      Layer.provide(Services.api),
      Layer.provide(Worker.programs),
      Layer.provide(Api.http(variables))
    )

  const on = (url: Redacted.Redacted, data: Option.Option<string>) =>
    program(data).pipe(
      Layer.provide(Layer.mergeAll(
        Layer.succeed(Settings, settings),
        coordination,
        broker,
        database(url, variables),
        OtlpTraces.configured(variables, applicationName)
      ))
    )

  return Option.match(variables.databaseUrl, {
    onSome: (url) => on(url, Option.none()),
    onNone: () =>
      Layer.unwrapEffect(Effect.map(EmbeddedPostgres, ({ directory, url }) => on(url, Option.some(directory)))).pipe(
        Layer.provide(EmbeddedPostgres.layer({ directory: variables.dataDir, durable: true, exclusive: true }))
      )
  }).pipe(Layer.provide(Logger.minimumLogLevel(variables.logLevel)))
})).pipe(Layer.provide(NodeContext.layer))

/** The pool, once the database has been migrated. */
const database = (url: Redacted.Redacted, { migrationsTable }: Environment.Variables) =>
  Postgres.layer({ url, applicationName, maxConnections: connections }).pipe(
    Layer.tap(() =>
      Effect.provide(
        Migrations.migrate(migrationsTable),
        Postgres.layer({ url, applicationName, maxConnections: 2, unhurried: true })
      )
    )
  )
