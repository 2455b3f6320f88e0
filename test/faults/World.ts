import { SqlClient } from "@effect/sql"
import { Console, Context, Effect, Layer, type Option, type Scope } from "effect"
import { eventually } from "../support/Eventually.ts"
import * as Gateway from "../support/Gateway.ts"
import type { ServerUnavailable } from "../support/servers/ServerUnavailable.ts"
import * as Callbacks from "./Callbacks.ts"
import * as Database from "./Database.ts"
import * as Fleet from "./Fleet.ts"
import * as Ground from "./Ground.ts"
import * as Integrations from "./Integrations.ts"
import { members } from "./Kinds.ts"
import * as Locks from "./Locks.ts"
import * as Logs from "./Logs.ts"
import * as Memory from "./Memory.ts"
import type { Mutant } from "./Options.ts"
import * as Providers from "./Providers.ts"

/** Everything that a run consists of. */
export interface World {
  readonly ground: Ground.Ground
  readonly fleet: Fleet.Fleet
  readonly callbacks: Callbacks.Callbacks
  readonly load: Providers.Providers
  readonly signingSecrets: Integrations.SigningSecrets
  readonly locks: Locks.Locks
  readonly logs: Logs.Logs
  readonly memory: Memory.Samples
  readonly sql: SqlClient.SqlClient
}

export interface Options extends Ground.Options {
  readonly seed: string
  readonly without: Option.Option<Mutant>
}

const startTime = 60_000

/** Starts it all: the servers, the gateway with its integrations, the callbacks, and what watches them. */
export const make = Effect.fn("World.make")(
  function*(options: Options): Effect.fn.Return<World, ServerUnavailable, Scope.Scope> {
    const ground = yield* Ground.start(options)
    yield* Database.migrate(ground.postgres.url)
    const sql = Context.get(yield* Effect.orDie(Layer.build(Database.client(ground.postgres.url))), SqlClient.SqlClient)
    const locks = yield* Locks.watch(ground.redis.port)
    const callbacks = yield* Callbacks.start(options.seed)
    const fleet = yield* Fleet.start(ground, options.without)
    const logs = yield* Logs.follow(fleet)
    const memory = yield* Memory.watch(fleet)
    yield* Effect.forEach(fleet.bases, (base) =>
      eventually(
        Effect.option(Effect.sandbox(Gateway.at(base).call("/api/v1/health/ready"))),
        (answer) => answer._tag === "Some" && answer.value.status === 200,
        startTime
      )).pipe(
        Effect.onError(() =>
          Effect.forEach(members, (_) => Console.error(`${_} said:\n${Logs.lastWords(fleet.hosts[_].log)}`))
        )
      )
    const signingSecrets = yield* Integrations.create(fleet.bases[0] ?? "", callbacks)
    const load = yield* Providers.start(fleet.bases, options.seed)
    return { ground, fleet, callbacks, load, signingSecrets, locks, logs, memory, sql }
  }
)
