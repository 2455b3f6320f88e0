import { Data, Effect, Exit, Option, Ref, Schedule, Scope } from "effect"
import { dirname, join } from "node:path"
import type { Cluster } from "./Cluster.ts"
import { EmbeddedPostgresError } from "./EmbeddedPostgresError.ts"
import { freePort } from "./FreePort.ts"
import { find, launch, stop } from "./Postmaster.ts"
import { lastLines, type ServerProcess } from "./Process.ts"
import { connect, type Session } from "./Session.ts"

/** A server that answers. */
export interface Endpoint {
  readonly port: number
  readonly started: boolean
}

interface Terms {
  readonly cluster: Cluster
  readonly exclusive: boolean
  /** The port that clients know already, after a restart. */
  readonly port: Option.Option<number>
  readonly onAnswer: (endpoint: Endpoint) => Effect.Effect<unknown, EmbeddedPostgresError>
}

/**
 * One tenure of the server: from reaching it to losing it. Whoever holds the lock owns the server, however it came to
 * run, and stops it when interrupted. Ends at once for a guest of somebody else's server; says whether it was the owner.
 */
export const tenure = Effect.fnUntraced(
  function*({ cluster, exclusive, onAnswer, port }: Terms) {
    // The session outlasts the server's stop, so that nobody adopts a server that is about to end.
    const sessions = yield* Effect.scope
    return yield* Effect.gen(function*() {
      const ours = yield* Ref.make(Option.none<ServerProcess>())
      yield* Effect.addFinalizer((exit) =>
        Exit.isSuccess(exit)
          ? Effect.void
          : Effect.flatMap(Ref.get(ours), Option.match({ onNone: () => Effect.void, onSome: stop }))
      )
      const { server, session, ...endpoint } = yield* Scope.extend(reach(cluster, port, ours), sessions)
      const owner = (exclusive || endpoint.started) &&
        (yield* Effect.catchAll(session.claim, () => notAnswering(cluster)))
      yield* Ref.set(ours, owner ? Option.some(server) : Option.none())
      if (exclusive && !owner) return yield* inUse(cluster, server, session)
      yield* onAnswer(endpoint)
      if (owner) yield* session.lost
      return owner
    }).pipe(Effect.scoped)
  },
  Effect.scoped
)

/** Not an answer yet, but a reason to look again. */
class NotYet extends Data.TaggedError("NotYet") {}

const patience = "60 seconds"
const lookAgain = Schedule.exponential("10 millis", 1.5).pipe(Schedule.union(Schedule.spaced("250 millis")))
const maxLaunches = 5
const beforeRelaunch = "200 millis"

/** Looks who runs and starts a server where none does, until one answers; whose it is, is not decided here. */
const reach = Effect.fnUntraced(
  function*(cluster: Cluster, port: Option.Option<number>, ours: Ref.Ref<Option.Option<ServerProcess>>) {
    const launches = yield* Ref.make(0)
    const start = Effect.fnUntraced(function*(stale: number) {
      const before = yield* Ref.getAndUpdate(launches, (count) => count + 1)
      if (before >= maxLaunches) return yield* startFailed(cluster)
      if (before > 0) yield* Effect.sleep(beforeRelaunch)
      const free = Option.isSome(port) ? port.value : yield* freePort
      yield* Effect.uninterruptible(
        Effect.flatMap(launch(cluster, free, stale), (server) => Ref.set(ours, Option.some(server)))
      )
    })
    const look = Effect.gen(function*() {
      const found = yield* find(cluster)
      const launched = yield* Ref.get(ours)
      if (found._tag === "Running") {
        const session = yield* Effect.mapError(
          connect(cluster.password, found.port),
          ({ reason }) => reason === "Password" ? passwordChanged(cluster) : new NotYet()
        )
        const mine = Option.filter(launched, ({ pid }) => pid === found.process.pid)
        return {
          port: found.port,
          server: Option.getOrElse(mine, () => found.process),
          session,
          started: Option.isSome(mine)
        }
      }
      if (found._tag === "Absent" && (Option.isNone(launched) || (yield* launched.value.gone))) {
        yield* start(found.stale)
      }
      return yield* new NotYet()
    })
    return yield* look.pipe(
      Effect.retry({ while: (error) => error._tag === "NotYet", schedule: lookAgain }),
      Effect.catchTag("NotYet", Effect.die),
      Effect.timeoutOption(patience),
      Effect.flatMap(Option.match({ onNone: () => notAnswering(cluster), onSome: Effect.succeed }))
    )
  }
)

const startFailed = ({ directory, log }: Cluster) =>
  Effect.flatMap(lastLines(log), (lines) =>
    new EmbeddedPostgresError({
      reason: "StartFailed",
      message: `PostgreSQL does not start on ${directory}. Its last words, from ${log}:\n${lines}`
    }))

const notAnswering = ({ directory, log }: Cluster) =>
  Effect.flatMap(lastLines(log), (lines) =>
    new EmbeddedPostgresError({
      reason: "NotAnswering",
      message: `PostgreSQL on ${directory} did not answer for ${patience}. If a server still runs there, stop it and ` +
        `start again. Its last words, from ${log}:\n${lines}`
    }))

const passwordChanged = ({ data }: Cluster) =>
  new EmbeddedPostgresError({
    reason: "NotAnswering",
    message: `PostgreSQL refuses the password in ${join(dirname(data), "password")}. ` +
      `If it was changed in the database, write the new one into that file.`
  })

const inUse = Effect.fnUntraced(function*({ directory }: Cluster, server: ServerProcess, session: Session) {
  const holder = Option.flatten(yield* Effect.option(session.holder))
  const process = Option.match(holder, { onNone: () => "", onSome: (pid) => ` (process ${pid})` })
  return yield* new EmbeddedPostgresError({
    reason: "InUse",
    message: `Another Sluice${process} uses the database in ${directory}, whose PostgreSQL is process ${server.pid}. ` +
      "Stop it (a migration or a seed ends by itself), or give this one a folder of its own with DATA_DIR."
  })
})
