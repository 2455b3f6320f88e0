import { Array, Duration, Effect, Layer, type ParseResult, type Redacted, Schema } from "effect"
import * as RateLimit from "../domain/RateLimit.ts"
import {
  type Answer,
  Coordination,
  CoordinationError,
  type Lock,
  type Question
} from "../services/ports/Coordination.ts"
import * as Connection from "./redis/Connection.ts"

const prefix = "sluice:"

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
  const { client, use } = yield* Connection.make(url)
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
