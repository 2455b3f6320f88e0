import { Data, Deferred, Effect, Option, Redacted, Schedule } from "effect"
import { constVoid } from "effect/Function"
import { Client, DatabaseError } from "pg"
import { user } from "./Cluster.ts"

export class SessionError extends Data.TaggedError("SessionError")<{
  readonly reason: "Connect" | "Password" | "Query"
  readonly cause: unknown
}> {}

/** A connection of its own, on which the ownership of the server rests. */
export interface Session {
  /** Succeeds when the connection is gone. */
  readonly lost: Effect.Effect<void>
  /** Takes the server for this process, if nobody else has it. */
  readonly claim: Effect.Effect<boolean, SessionError>
  /** The pid of the Sluice that has the server. */
  readonly holder: Effect.Effect<Option.Option<string>, SessionError>
}

export const database = "sluice"

export const urlOf = (password: Redacted.Redacted, port: number): Redacted.Redacted =>
  // sslmode, because PGSSLMODE in the environment would otherwise ask for what this server does not have.
  Redacted.make(
    `postgres://${user}:${encodeURIComponent(Redacted.value(password))}@127.0.0.1:${port}/${database}?sslmode=disable`
  )

/** Connects, and makes the database `sluice` where it is missing. */
export const connect = Effect.fn("Session.connect")(function*(password: Redacted.Redacted, port: number) {
  const lost = yield* Deferred.make<void>()
  const client = yield* Effect.acquireRelease(
    Effect.suspend(() => {
      const client = new Client({ ...settings, password: Redacted.value(password), port })
      client.on("error", constVoid).once("end", () => Deferred.unsafeDone(lost, Effect.void))
      return attempt("Connect", () => client.connect()).pipe(
        Effect.mapError((error) =>
          hasCode(error, "28P01") ? new SessionError({ ...error, reason: "Password" }) : error
        ),
        Effect.as(client),
        Effect.onError(() => farewell(client))
      )
    }),
    farewell
  )
  const query = <Row extends Record<string, unknown>>(text: string) =>
    Effect.map(attempt("Query", () => client.query<Row>(text)), ({ rows }) => rows)

  yield* Effect.whenEffect(
    Effect.catchIf(query(`CREATE DATABASE ${database}`), existsAlready, () => Effect.void),
    Effect.map(query(`SELECT FROM pg_database WHERE datname = '${database}'`), (rows) => rows.length === 0)
  ).pipe(Effect.onError(() => farewell(client)))

  const claimed = query<{ held: boolean }>(`SELECT pg_try_advisory_lock(${lock}) AS held`).pipe(
    Effect.map((rows) => rows.some(({ held }) => held))
  )
  const session: Session = {
    lost: Deferred.await(lost),
    claim: Effect.repeat(claimed, untilHeld),
    holder: query<{ name: string }>(holders).pipe(
      Effect.map((rows) => Option.fromNullable(rows[0]?.name.match(/\d+$/)?.[0]))
    )
  }
  return session
})

/** A predecessor that was killed a moment ago still has its lock until PostgreSQL notices. */
const untilHeld = Schedule.spaced("100 millis").pipe(
  Schedule.upTo("2 seconds"),
  Schedule.zipRight(Schedule.recurUntil<boolean>((held) => held))
)

const lock = "1936487785, 1"

const holders = `
  SELECT activity.application_name AS name
  FROM pg_locks JOIN pg_stat_activity AS activity USING (pid)
  WHERE locktype = 'advisory' AND granted AND (classid, objid) = (${lock})`

// The database `postgres`, because `sluice` may be dropped and made anew while we run.
const settings = {
  host: "127.0.0.1",
  user,
  database: "postgres",
  ssl: false,
  application_name: `sluice ${process.pid}`,
  connectionTimeoutMillis: 2_000,
  query_timeout: 30_000,
  keepAlive: true
}

const attempt = <A>(reason: SessionError["reason"], promise: () => Promise<A>) =>
  Effect.tryPromise({ try: promise, catch: (cause) => new SessionError({ reason, cause }) })

const farewell = (client: Client) =>
  Effect.tryPromise(() => client.end()).pipe(Effect.interruptible, Effect.timeout("1 second"), Effect.ignore)

/** Another start made it in the same moment. */
const existsAlready = (error: SessionError) => hasCode(error, "42P04") || hasCode(error, "23505")

const hasCode = ({ cause }: SessionError, code: string) => cause instanceof DatabaseError && cause.code === code
