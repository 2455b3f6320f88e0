import {
  Array,
  Duration,
  Effect,
  FiberHandle,
  Layer,
  Option,
  type ParseResult,
  Predicate,
  Redacted,
  Schedule,
  Schema
} from "effect"
import { constVoid } from "effect/Function"
import { Redis } from "ioredis"
import * as RateLimit from "../domain/RateLimit.ts"
import * as Elapsed from "../services/Elapsed.ts"
import { Coordination, CoordinationError, type Lock } from "../services/ports/Coordination.ts"

const prefix = "sluice:"
const commandTimeout = Duration.millis(500)
const connectTimeout = Duration.seconds(3)
// A connection that has brought no answer for so long is given up and opened anew: its host may be lost without a word.
const silence = Duration.seconds(3)
const reconnectBase = 100
const reconnectCap = 5_000
const probe = Schedule.spaced("1 second")
const probesPerConnection = 2
const refusalsEvery = Duration.toMillis("1 minute")

// RateLimit.take so many times, with its interval, ceiling, horizon and credit, on the server's clock, so that all processes
// share one budget. A double of that size holds about a microsecond, and six digits keep it.
const takeScript = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + time[2] / 1000
  local ahead = math.max(tonumber(redis.call('GET', KEYS[1]) or 0) - now, 0)
  if ahead > tonumber(ARGV[4]) then ahead = 0 end
  local most = math.max(tonumber(ARGV[3]), tonumber(ARGV[5]))
  local after = ahead
  for _ = 1, tonumber(ARGV[1]) do
    if after + ARGV[2] > most then break end
    after = after + ARGV[2]
  end
  if after > ahead then redis.call('SET', KEYS[1], string.format('%.6f', now + after), 'PX', math.ceil(after)) end
  return string.format('%.6f', ahead)`

const markScript = `
  for index, key in ipairs(KEYS) do redis.call('SET', key, ARGV[index + 1], 'PX', ARGV[1]) end`

// Each key's token stands at its place among the arguments, the time to live behind them.
const each = (answer: string) => `
  local answers = {}
  for i, key in ipairs(KEYS) do answers[i] = ${answer} or 0 end
  return answers`
const isHeld = "redis.call('GET', key) == ARGV[i]"
const lockScript = each("redis.call('SET', key, ARGV[i], 'PX', ARGV[#KEYS + 1], 'NX') and 1")
const renewScript = each(`${isHeld} and redis.call('PEXPIRE', key, ARGV[#KEYS + 1])`)
const unlockScript = each(`${isHeld} and redis.call('DEL', key)`)

// Places by token, with the server's time at which each is given up; a token that has one keeps it.
const enterScript = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
  if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then
    return 0
  end
  redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return 1`

/**
 * Coordination on Redis. It starts and goes on without the server: calls then fail at once, and reconnecting never
 * ends.
 */
export const layer = (url: Redacted.Redacted): Layer.Layer<Coordination> => Layer.scoped(Coordination, make(url))

const make = Effect.fnUntraced(function*(url: Redacted.Redacted) {
  const client = yield* Effect.acquireRelease(
    Effect.sync(() => connect(url)),
    (client) => Effect.sync(() => client.disconnect())
  )
  const use = yield* guard(client)
  const script = (text: string, key: string, ...args: ReadonlyArray<string | number>) =>
    use(() => client.eval(text, 1, prefix + key, ...args))
  const ofLocks = (text: string, locks: ReadonlyArray<Lock>, ...args: ReadonlyArray<number>) => {
    const keys = locks.map(({ key }) => prefix + key)
    const tokens = locks.map(({ token }) => token)
    return Effect.map(
      Effect.flatMap(use(() => client.eval(text, keys.length, ...keys, ...tokens, ...args)), understood(decodeFlags)),
      (_) => _.map((flag) => flag === 1)
    )
  }

  /** Takes so many as are to be had, and tells how far ahead of now the budget's time was before. */
  const taking = (key: string, limit: number, count: number, onCredit: boolean) =>
    Effect.flatMap(
      script(
        takeScript,
        key,
        count,
        RateLimit.intervalOf(limit),
        RateLimit.ceilingOf(limit),
        RateLimit.horizonOf(onCredit),
        RateLimit.creditOf(onCredit)
      ),
      understood(decodeNumber)
    )

  return Coordination.of({
    take: (key, limit) => Effect.map(taking(key, limit, 1, false), (ahead) => RateLimit.take(limit, ahead, 0).decision),
    takeEach: (key, limit, count, onCredit = false) =>
      Effect.map(taking(key, limit, count, onCredit), (ahead) => RateLimit.takeEach(limit, ahead, count, onCredit)),
    mark: (texts, ttl) =>
      Effect.asVoid(use(() =>
        client.eval(
          markScript,
          texts.length,
          ...texts.map(([key]) => prefix + key),
          Duration.toMillis(ttl),
          ...texts.map(([, text]) => text)
        )
      )),
    marked: (keys) =>
      Effect.map(use(() => client.mget(keys.map((key) => prefix + key))), Array.map(Option.fromNullable)),
    lock: (locks, ttl) => ofLocks(lockScript, locks, Duration.toMillis(ttl)),
    renew: (locks, ttl) => ofLocks(renewScript, locks, Duration.toMillis(ttl)),
    unlock: (locks) => Effect.asVoid(ofLocks(unlockScript, locks)),
    enter: (key, token, limit, ttl) =>
      Effect.map(script(enterScript, key, token, limit, Duration.toMillis(ttl)), (_) => _ === 1),
    leave: (key, token) => Effect.asVoid(use(() => client.zrem(prefix + key, token))),
    check: Effect.asVoid(use(() => client.ping()))
  })
})

const decodeFlags = Schema.decodeUnknown(Schema.Array(Schema.Literal(0, 1)))
const decodeNumber = Schema.decodeUnknown(Schema.NumberFromString)

const understood =
  <A>(decode: (answer: unknown) => Effect.Effect<A, ParseResult.ParseError>) =>
  (answer: unknown): Effect.Effect<A, CoordinationError> =>
    Effect.mapError(decode(answer), (cause) => new CoordinationError({ reason: "Failed", cause }))

const connect = (url: Redacted.Redacted): Redis => {
  const client = new Redis(Redacted.value(url), {
    lazyConnect: true,
    enableAutoPipelining: true,
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

type Use = <A>(command: () => Promise<A>) => Effect.Effect<A, CoordinationError>

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
