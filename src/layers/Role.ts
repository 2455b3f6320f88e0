import type { SqlClient } from "@effect/sql"
import { Effect, Layer, Logger } from "effect"
import type { Broker } from "../services/ports/Broker.ts"
import type { Coordination } from "../services/ports/Coordination.ts"
import { Settings } from "../services/Settings.ts"
import * as Environment from "./Environment.ts"
import * as MakeSettings from "./MakeSettings.ts"
import * as OtlpTraces from "./OtlpTraces.ts"
import * as Postgres from "./Postgres.ts"
import * as RabbitMqBroker from "./RabbitMqBroker.ts"
import * as RedisCoordination from "./RedisCoordination.ts"

/** What every program of a role stands on. */
export type Ground = Broker | Coordination | Settings | SqlClient.SqlClient

export interface Given extends Environment.Common, Environment.Servers {}

/** A role that runs alone, on the servers that its environment names. */
export const make = <A, E, R>(
  role: { readonly name: string; readonly connections: number },
  program: (given: Given) => Layer.Layer<A, E, R>
) =>
  Layer.unwrapEffect(Effect.map(Environment.readForRole, (given) => {
    const settings = MakeSettings.make(given, given)
    return program(given).pipe(
      Layer.provide(Layer.mergeAll(
        Layer.succeed(Settings, settings),
        Postgres.layer({ url: given.databaseUrl, applicationName: role.name, maxConnections: role.connections }),
        RedisCoordination.layer(given.redisUrl),
        RabbitMqBroker.layer({ url: given.rabbitMqUrl, queues: settings.queues }),
        OtlpTraces.configured(given, role.name)
      )),
      Layer.provide(Logger.minimumLogLevel(given.logLevel))
    )
  }))
