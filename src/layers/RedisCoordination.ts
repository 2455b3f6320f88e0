import {
  Array,
  Duration,
  Effect,
  FiberHandle,
  Layer,
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
import {
  type Answer,
  Coordination,
  CoordinationError,
  type Lock,
  type Question
} from "../services/ports/Coordination.ts"

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

// For each budget RateLimit.take so many times, with its interval, ceiling, horizon and credit, on the server's clock, so that
// all processes share one budget. A double of that size holds about a microsecond, and six digits keep it. It answers how far
// ahead each budget was before, from which the decisions are worked out again. The keys behind the budgets are marks.
const askScript = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + time[2] / 1000
  local aheads, marked = {}, {}
  for i = 1, ARGV[1] do
    local key = KEYS[i]
    local count, interval, ceiling, horizon, credit = unpack(ARGV, 5 * i - 3, 5 * i + 1)
    local ahead = math.max(tonumber(redis.call('GET', key) or 0) - now, 0)
    if ahead > tonumber(horizon) then ahead = 0 end
    local most = math.max(tonumber(ceiling), tonumber(credit))
    local after = ahead
    for _ = 1, count do
      if after + interval > most then break end
      after = after + interval
    end
    if after > ahead then redis.call('SET', key, string.format('%.6f', now + after), 'PX', math.ceil(after)) end
    aheads[i] = string.format('%.6f', ahead)
  end
  for i = ARGV[1] + 1, #KEYS do marked[i - ARGV[1]] = redis.call('EXISTS', KEYS[i]) end
  return {aheads, marked}`

const markScript = "for _, key in ipairs(KEYS) do redis.call('SET', key, '', 'PX', ARGV[1]) end"

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

  const ask = ({ marks, takings }: Question) =>
    Effect.map(
      Effect.flatMap(
        use(() =>
          client.eval(
            askScript,
            takings.length + marks.length,
            ...takings.map(({ key }) => prefix + key),
            ...marks.map((key) => prefix + key),
            takings.length,
            ...takings.flatMap(({ count, limit, onCredit }) => [
              count,
              RateLimit.intervalOf(limit),
              RateLimit.ceilingOf(limit),
              RateLimit.horizonOf(onCredit),
              RateLimit.creditOf(onCredit)
            ])
          )
        ),
        understood(decodeAnswer)
      ),
      ([aheads, marked]): Answer => ({
        taken: Array.zipWith(takings, aheads, ({ count, limit, onCredit }, ahead) =>
          RateLimit.takeEach(limit, ahead, count, onCredit)),
        marked: marked.map((flag) =>
          flag === 1
        )
      })
    )

  return Coordination.of({
    take: (key, limit) =>
      Effect.flatMap(
        ask({ takings: [{ key, limit, count: 1, onCredit: false }], marks: [] }),
        ({ taken }) => Effect.mapError(Array.head(taken.flat()), failed)
      ),
    ask,
    mark: (keys, ttl) =>
      Effect.asVoid(
        use(() => client.eval(markScript, keys.length, ...keys.map((key) => prefix + key), Duration.toMillis(ttl)))
      ),
    lock: (locks, ttl) => ofLocks(lockScript, locks, Duration.toMillis(ttl)),
    renew: (locks, ttl) => ofLocks(renewScript, locks, Duration.toMillis(ttl)),
    unlock: (locks) => Effect.asVoid(ofLocks(unlockScript, locks)),
    enter: (key, token, limit, ttl) =>
      Effect.map(script(enterScript, key, token, limit, Duration.toMillis(ttl)), (_) => _ === 1),
    leave: (key, token) => Effect.asVoid(use(() => client.zrem(prefix + key, token))),
    check: Effect.asVoid(use(() => client.ping()))
  })
})

const Flags = Schema.Array(Schema.Literal(0, 1))
const decodeFlags = Schema.decodeUnknown(Flags)
const decodeAnswer = Schema.decodeUnknown(Schema.Tuple(Schema.Array(Schema.NumberFromString), Flags))

const understood =
  <A>(decode: (answer: unknown) => Effect.Effect<A, ParseResult.ParseError>) =>
  (answer: unknown): Effect.Effect<A, CoordinationError> => Effect.mapError(decode(answer), failed)

const failed = (cause: unknown) => new CoordinationError({ reason: "Failed", cause })

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
