import { Duration, Effect, FiberHandle, Predicate, Redacted, Schedule, type Scope } from "effect"
import { constVoid } from "effect/Function"
import { Redis } from "ioredis"
import * as Elapsed from "../../services/Elapsed.ts"
import { CoordinationError } from "../../services/ports/Coordination.ts"

const commandTimeout = Duration.millis(500)
const connectTimeout = Duration.seconds(3)
// A connection that has brought no answer for so long is given up and opened anew: its host may be lost without a word.
const silence = Duration.seconds(3)
const reconnectBase = 100
const reconnectCap = 5_000
const probe = Schedule.spaced("1 second")
const probesPerConnection = 2
const refusalsEvery = Duration.toMillis("1 minute")

export interface Connection {
  readonly client: Redis
  readonly use: Use
}

/** One connection for the life of the scope, opened again whenever it is lost. Without the server it is there too. */
export const make = Effect.fnUntraced(function*(
  url: Redacted.Redacted
): Effect.fn.Return<Connection, never, Scope.Scope> {
  const client = yield* Effect.acquireRelease(
    Effect.sync(() => connect(url)),
    (client) => Effect.sync(() => client.disconnect())
  )
  return { client, use: yield* guard(client) }
})

const connect = (url: Redacted.Redacted): Redis => {
  const client = new Redis(Redacted.value(url), {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: Duration.toMillis(commandTimeout),
    connectTimeout: Duration.toMillis(connectTimeout),
    socketTimeout: Duration.toMillis(silence),
    retryStrategy: (times) => Math.min(reconnectBase * 2 ** Math.min(times, 10), reconnectCap),
    // A replica that was promoted, or a primary that was demoted: ask the address again.
    reconnectOnError: (error) => error.message.startsWith("READONLY")
  })
  // Every failure reaches a caller as its command's error; without a listener it would also end the process.
  client.on("error", constVoid)
  client.connect().catch(constVoid)
  return client
}

const connecting: ReadonlySet<string> = new Set(["connecting", "connect"])

/** Runs a command on the connection that stands. */
export type Use = <A>(command: () => Promise<A>) => Effect.Effect<A, CoordinationError>

/** Runs commands; fails at once while the connection is down, or while a server takes commands but answers none. */
const guard = Effect.fnUntraced(function*(client: Redis) {
  const recovery = yield* FiberHandle.make()
  const millis = yield* Elapsed.reader
  let isSilent = false
  let isAway = false
  let refusedAt = Number.NEGATIVE_INFINITY

  // A server that refuses some commands, such as writes while its disk is full, may answer others.
  const refuse = (error: CoordinationError) => {
    const now = millis()
    if (now - refusedAt < refusalsEvery) return Effect.void
    refusedAt = now
    return Effect.logWarning("Redis refuses commands; limits may not be kept", told(error))
  }
  // Said once each way, however many commands fail in between. A connection that is being made is no trouble yet.
  const leave = (error: CoordinationError) => {
    if (connecting.has(client.status)) return Effect.void
    if (isReply(error.cause)) return refuse(error)
    if (isAway) return Effect.void
    isAway = true
    return Effect.logWarning("Redis cannot be used now; limits are not kept until it is back", told(error))
  }
  // What a silent server answers late is no sign that it is back.
  const comeBack = Effect.suspend(() => {
    if (isSilent || !isAway) return Effect.void
    isAway = false
    return Effect.logInfo("Redis answers again")
  })

  const send: Use = (command) =>
    Effect.tryPromise({
      try: command,
      catch: (cause) => new CoordinationError({ reason: isTimeout(cause) ? "Timeout" : "Unavailable", cause })
    })
  // Answers come in the order of their questions: on a connection that has lost one, none would fit any more.
  const reconnect = Effect.sync(() => client.disconnect(true))
  const listen = send(() => client.ping()).pipe(
    Effect.retry(Schedule.intersect(probe, Schedule.recurs(probesPerConnection))),
    Effect.tapError(() => reconnect),
    Effect.retry(probe),
    Effect.map(() => {
      isSilent = false
    }),
    Effect.ignore
  )
  const fallSilent = Effect.suspend(() => {
    isSilent = true
    return FiberHandle.run(recovery, listen, { onlyIfMissing: true })
  })

  const ask: Use = (command) =>
    Effect.suspend(() =>
      isSilent || client.status !== "ready"
        ? new CoordinationError({ reason: "Unavailable", cause: `Redis is ${isSilent ? "silent" : client.status}` })
        : Effect.tapError(send(command), ({ reason }) => reason === "Timeout" ? fallSilent : Effect.void)
    )
  const use: Use = (command) => ask(command).pipe(Effect.tapError(leave), Effect.zipLeft(comeBack))
  return use
})

const isReply = (cause: unknown): boolean => Predicate.hasProperty(cause, "name") && cause.name === "ReplyError"

// The error itself carries the command with its keys, which are nobody's business.
const told = ({ cause, reason }: CoordinationError) => ({
  reason,
  cause: Predicate.hasProperty(cause, "message") ? cause.message : String(cause)
})

const isTimeout = (cause: unknown): boolean =>
  Predicate.hasProperty(cause, "message") && cause.message === "Command timed out"
