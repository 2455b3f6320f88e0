import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Context, Deferred, Effect, Layer, Option, type Redacted, Schedule } from "effect"
import { type Cluster, open } from "./Cluster.ts"
import { EmbeddedPostgresError } from "./EmbeddedPostgresError.ts"
import { settle } from "./Placement.ts"
import { urlOf } from "./Session.ts"
import { type Endpoint, tenure } from "./Tenure.ts"

export { EmbeddedPostgresError } from "./EmbeddedPostgresError.ts"

export interface Options {
  readonly directory: string
  /** Without it a crash of the machine may lose data, and tests run faster. */
  readonly durable: boolean
  /** For the one process that owns the database. Others attach to its server, or run one while they last. */
  readonly exclusive: boolean
}

/** A real PostgreSQL, whose binaries come from npm, as a child process. */
export class EmbeddedPostgres extends Context.Tag("sluice/layers/embedded/EmbeddedPostgres")<EmbeddedPostgres, {
  readonly url: Redacted.Redacted
  /** Where the data really are, which is elsewhere when PostgreSQL's user cannot enter the wanted folder. */
  readonly directory: string
  /** Whether this process started the server, and did not find it running. */
  readonly started: boolean
}>() {
  static readonly layer = (options: Options): Layer.Layer<EmbeddedPostgres, EmbeddedPostgresError> =>
    Layer.provide(Layer.scoped(EmbeddedPostgres, make(options)), NodeFileSystem.layer)
}

const make = Effect.fn("EmbeddedPostgres.make")(function*({ directory, durable, exclusive }: Options) {
  const placement = yield* settle({ directory, durable })
  const cluster = yield* open(placement, durable)
  const { port, started } = yield* keep(cluster, exclusive)
  return EmbeddedPostgres.of({
    url: urlOf(cluster.password, port),
    directory: cluster.directory,
    started
  })
})

const restarts = Schedule.exponential("100 millis").pipe(Schedule.union(Schedule.spaced("10 seconds")))

/** Has a server answer for the life of the scope, on one port, whatever happens to its process. */
const keep = Effect.fnUntraced(function*(cluster: Cluster, exclusive: boolean) {
  const answered = yield* Deferred.make<Endpoint, EmbeddedPostgresError>()

  const restore = (port: number) =>
    Effect.logWarning("PostgreSQL went away and is started again").pipe(
      Effect.zipRight(tenure({ cluster, exclusive: true, port: Option.some(port), onAnswer: restored(port) })),
      Effect.tapErrorCause((cause) => Effect.logWarning("PostgreSQL could not be started again", cause)),
      Effect.sandbox,
      Effect.retry(restarts)
    )
  const first = tenure({
    cluster,
    exclusive,
    port: Option.none(),
    onAnswer: (endpoint) => Deferred.succeed(answered, endpoint)
  })
  yield* first.pipe(
    Effect.onError((cause) => Deferred.failCause(answered, cause)),
    Effect.flatMap((owner) =>
      owner ? Effect.flatMap(Deferred.await(answered), ({ port }) => Effect.forever(restore(port))) : Effect.void
    ),
    Effect.forkScoped
  )
  return yield* Deferred.await(answered)
})

const restored = (known: number) => ({ port }: Endpoint) =>
  port === known
    ? Effect.logInfo("PostgreSQL answers again")
    : new EmbeddedPostgresError({
      reason: "NotAnswering",
      message: `PostgreSQL came back on port ${port} instead of ${known}.`
    })
