// @effect-diagnostics strictEffectProvide:off
import { NodeContext } from "@effect/platform-node"
import { Effect, Option, type Scope } from "effect"
import { dirname } from "node:path"
import * as PostgresBinaries from "../../src/layers/embedded/PostgresBinaries.ts"
import * as PostgresAccount from "../support/servers/PostgresAccount.ts"
import * as RabbitMqServer from "../support/servers/RabbitMqServer.ts"
import * as RedisServer from "../support/servers/RedisServer.ts"
import { ServerUnavailable } from "../support/servers/ServerUnavailable.ts"
import * as SystemPostgres from "../support/servers/SystemPostgres.ts"
import * as Disk from "./Disk.ts"

/** The private servers of a run. */
export interface Ground {
  readonly postgres: SystemPostgres.SystemPostgres
  readonly redis: RedisServer.RedisServer
  readonly rabbitMq: RabbitMqServer.RabbitMqServer
  /** PostgreSQL's own small disk; none where the run has no use for it, or the machine mounts none. */
  readonly disk: Option.Option<Disk.Disk>
}

export interface Options {
  /** Whether PostgreSQL's disk is to be filled. */
  readonly smallDisk: boolean
  readonly maxConnections: number
}

export const start = Effect.fn("Ground.start")(
  function*({ maxConnections, smallDisk }: Options): Effect.fn.Return<Ground, ServerUnavailable, Scope.Scope> {
    const disk = smallDisk ? Disk.make() : undefined
    const servers = yield* Effect.all({
      postgres: postgres(maxConnections, disk?.mount),
      redis: RedisServer.start,
      rabbitMq: RabbitMqServer.start
    }, { concurrency: "unbounded" })
    return { ...servers, disk: Option.flatMap(Option.fromNullable(disk), (_) => _.mounted()) }
  }
)

const postgres = Effect.fnUntraced(
  function*(maxConnections: number, furnish: SystemPostgres.Options["furnish"]) {
    const options: SystemPostgres.Options = {
      durable: true,
      settings: [
        `max_connections=${maxConnections}`,
        "shared_buffers=128MB",
        "max_wal_size=256MB",
        "log_lock_waits=on",
        "log_line_prefix=%m [%p] %a "
      ],
      ...(furnish === undefined ? {} : { furnish })
    }
    return yield* SystemPostgres.start(options).pipe(
      // The machine has none of its own: the one from npm does as well.
      Effect.catchIf(
        ({ reason }) => reason === "NotInstalled",
        () => Effect.flatMap(packaged, (bin) => SystemPostgres.start({ ...options, bin }))
      )
    )
  }
)

const packaged = Effect.gen(function*() {
  const account = yield* PostgresAccount.lent
  const { postgres } = yield* PostgresBinaries.find({ account, durable: false })
  return dirname(postgres)
}).pipe(
  Effect.provide(NodeContext.layer),
  Effect.mapError((cause) =>
    new ServerUnavailable({ server: "postgres", reason: "NotInstalled", detail: String(cause), cause })
  )
)
