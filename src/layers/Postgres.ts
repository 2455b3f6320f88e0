import { PgClient } from "@effect/sql-pg"
import { Duration, Effect, Layer, Option, Predicate, Redacted } from "effect"
import { EventEmitter } from "node:events"
import { Socket } from "node:net"
import { type ClientBase, Pool, type PoolClient } from "pg"
import { ConnectionPool } from "../services/ports/ConnectionPool.ts"
import * as PlanKeeper from "./PlanKeeper.ts"

export interface Options {
  readonly url: Redacted.Redacted
  /** Shown by PostgreSQL for each connection. */
  readonly applicationName: string
  readonly maxConnections: number
  /** Whether a statement may take as long as it likes, as migrations do. */
  readonly unhurried?: boolean
}

const connectTimeout = Duration.seconds(5)
const statementTimeout = Duration.seconds(15)
const idleTimeout = Duration.seconds(10)
// A process that is frozen in the middle of a transaction must not keep its rows locked.
const idleTransactionTimeout = Duration.seconds(15)
// A server that has gone silent is noticed by its silence, which outlasts every statement and every idle connection.
const silence = Duration.seconds(20)

/**
 * PostgreSQL. The pool connects when it is needed, so a program starts, answers and recovers whether or not the server
 * is there.
 */
export const layer = (options: Options) =>
  Layer.unwrapScoped(
    Effect.map(acquirePool(options), (pool) =>
      Layer.merge(
        PgClient.layerFromPool({ acquire: Effect.succeed(pool) }),
        Layer.succeed(ConnectionPool, { look: Effect.sync(() => Option.some(stateOf(pool))) })
      ))
  )

const acquirePool = (options: Options) =>
  Effect.acquireRelease(
    Effect.sync(() => makePool(options)),
    (pool) => Effect.promise(() => pool.end()).pipe(Effect.interruptible, Effect.timeout("2 seconds"), Effect.ignore)
  )

const stateOf = ({ idleCount, options, totalCount, waitingCount }: Pool) => ({
  max: options.max,
  used: totalCount - idleCount,
  idle: idleCount,
  waiting: waitingCount
})

const makePool = ({ applicationName, maxConnections, unhurried = false, url }: Options): Pool =>
  new Pool({
    Client: PlanKeeper.make(),
    connectionString: Redacted.value(url),
    application_name: applicationName,
    max: maxConnections,
    connectionTimeoutMillis: Duration.toMillis(connectTimeout),
    ...(unhurried ? {} : {
      statement_timeout: Duration.toMillis(statementTimeout),
      idle_in_transaction_session_timeout: Duration.toMillis(idleTransactionTimeout),
      stream: talkative,
      onConnect: readNoTableWhole
    }),
    idleTimeoutMillis: Duration.toMillis(idleTimeout),
    keepAlive: true
    // An idle connection that breaks is dropped by the pool; the next statement opens another.
  }).on("error", () => undefined).on("connect", leaveReadOnly).on("release", (_, client) => leaveBusy(client))

// A table that is small when a plan is made is read whole by it, and the plan is kept when the table has grown.
const readNoTableWhole = (client: ClientBase) => client.query("SET enable_seqscan = off; SET jit = off")

// PostgreSQL's SQLSTATE for a write that it may not carry out now: the server was demoted, or this one never led.
const readOnly = "25006"

/** Ends a connection whose server does not write, once it has said so: the next one finds the server that does. */
const leaveReadOnly = (client: PoolClient): void => {
  const connection = Predicate.hasProperty(client, "connection") ? client.connection : undefined
  if (!(connection instanceof EventEmitter && Predicate.hasProperty(connection, "stream"))) return
  // After the transaction, so that its failure and not the connection's is what is told.
  const endWhenIdle = (ready: unknown) => {
    const { stream } = connection
    const idle = Predicate.hasProperty(ready, "status") && ready.status === "I"
    if (idle && stream instanceof Socket) setImmediate(() => stream.destroy())
  }
  connection.on("errorMessage", (error: unknown) => {
    if (!Predicate.hasProperty(error, "code") || error.code !== readOnly) return
    connection.on("readyForQuery", endWhenIdle)
  })
}

/**
 * Ends a connection that is given back in the midst of a statement: its server did not even cancel that when it was asked, and
 * whoever had the connection next would wait for it.
 */
const leaveBusy = (client: PoolClient): void => {
  const busy = Predicate.hasProperty(client, "_activeQuery") && Predicate.isObject(client._activeQuery)
  if (busy) void client.end()
}

const talkative = (): Socket => {
  const socket = new Socket()
  return socket.setTimeout(Duration.toMillis(silence), () => socket.destroy(new Error("PostgreSQL has gone silent")))
}
