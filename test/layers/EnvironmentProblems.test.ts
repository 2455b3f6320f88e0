import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, FastCheck } from "effect"
import { inspect } from "node:util"
import * as Environment from "../../src/layers/Environment.ts"

/** What is wrong with one variable. */
const problems = (name: string, value: string) =>
  Environment.read.pipe(
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map([[name, value]]))),
    Effect.match({ onFailure: (_) => _.problems, onSuccess: (): ReadonlyArray<string> => [] })
  )

const key = (byte: number, length = 32) => Buffer.alloc(length, byte).toString("base64")

/** For each variable: what is expected, and values that are not. */
const open: ReadonlyArray<readonly [name: string, expected: string, ...bad: ReadonlyArray<string>]> = [
  ["APP_PORT", "a whole number from 0 to 65535", "-1", "65536", "3000.5", "http", "3000 3001", "NaN", "Infinity"],
  ["WORKER_PORT", "a whole number from 0 to 65535", "-1", "65536", "metrics"],
  [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "a URL that begins with http:// or https:// and has no query",
    "collector:4318",
    "grpc://collector:4317"
  ],
  ["LOG_LEVEL", "trace, debug, info, warn or error", "verbose", "INFO", "warning"],
  ["DB_MIGRATIONS_TABLE", "a table name of lower-case letters, digits and _", "1st", "a-b", "A", "a;b", "a".repeat(64)],
  ["WEBHOOK_RATE_LIMIT_PER_MINUTE", "a whole number from 1 to 10000000", "0", "-5", "10000001", "unlimited"],
  ["IDEMPOTENCY_TTL_SECONDS", "a whole number from 1 to 31536000", "0", "31536001", "1d"],
  ["PROCESSING_LOCK_TTL_SECONDS", "a whole number from 1 to 3600", "0", "3601", "60s"],
  ["MAX_PROCESSING_RETRIES", "a whole number from 0 to 100", "-1", "101", "ten"],
  ["RETRY_BASE_DELAY_MS", "a whole number from 1 to 86400000", "0", "86400001", "5s"],
  ["RETRY_BACKOFF_FACTOR", "a number from 1 to 100", "0.9", "101", "x3"],
  ["RETRY_MAX_DELAY_MS", "a whole number from 1 to 604800000", "0", "604800001", "6h"],
  ["WORKER_CONCURRENCY", "a whole number from 1 to 10000", "0", "10001", "auto"],
  ["DOCTOR_SLACK_SECONDS", "a whole number from 0 to 86400", "-1", "86401", "5m"],
  ["DELIVERY_TIMEOUT_MS", "a whole number from 10 to 600000", "9", "600001", "15s"],
  ["MAX_WEBHOOK_BYTES", "a whole number from 1 to 104857600", "0", "104857601", "5MB"],
  [
    "CALLBACK_ALLOW_PRIVATE",
    "true, false, or CIDRs with commas between them, such as 10.0.0.0/8,127.0.0.1/32",
    "yes",
    "10.0.0.1",
    "10.0.0.0/33",
    "true,10.0.0.0/8",
    "10.0.0.0/8,lan",
    ","
  ],
  [
    "PUBLIC_BASE_URL",
    "a URL that begins with http:// or https:// and has no query",
    "hooks.example",
    "ftp://hooks.example",
    "https:hooks"
  ],
  ...["PROCESS", "RETRY", "REPLAY", "DEAD_LETTER"].map((queue) =>
    [
      `RABBITMQ_${queue}_QUEUE`,
      "a queue name of up to 100 letters, digits, and the signs . : - _",
      "two words",
      "a".repeat(101),
      "ünïcödé"
    ] as const
  )
]

const keys = "id:base64key[,id:base64key…] with different ids and 32-byte keys, such as k1:$(openssl rand -base64 32)"

const secret: typeof open = [
  [
    "DATABASE_URL",
    "a URL that begins with postgres:// or postgresql://",
    "mysql://user:hunter2@db/sluice",
    "postgres:hunter2/sluice",
    "hunter2",
    "postgres://user:hunter2@db:port/sluice"
  ],
  ["REDIS_URL", "a URL that begins with redis:// or rediss://", "redis:hunter2", "http://hunter2", "hunter2:6379"],
  ["RABBITMQ_URL", "a URL that begins with amqp:// or amqps://", "amqp:hunter2", "https://user:hunter2@queue"],
  [
    "MANAGEMENT_API_KEY",
    "at least 16 characters without spaces",
    "hunter2",
    "hunter2 hunter2 hunter2",
    "hunter2-hunter2-ünïcödé"
  ],
  [
    "ENCRYPTION_KEYS",
    keys,
    "hunter2",
    key(1),
    `k1:${key(1, 31)}`,
    `k1:${key(1, 33)}`,
    `k1:${key(1)},k1:${key(2)}`,
    `k1:${key(1)},`,
    `k1:${key(1)};k2:${key(2)}`,
    `:${key(1)}`,
    `k 1:${key(1)}`,
    `k1:hunter2${key(1)}`
  ]
]

describe("a bad value", () => {
  for (const [name, expected, ...bad] of open) {
    it.effect(`of ${name} makes one line with its name, the value, and what is expected`, () =>
      Effect.gen(function*() {
        for (const value of bad) {
          assert.deepStrictEqual(yield* problems(name, value), [
            `${name} is ${JSON.stringify(value)}: expected ${expected}`
          ])
        }
      }))
  }

  it.effect("of a URL is shown without the parts that may hold a secret", () =>
    Effect.gen(function*() {
      for (
        const [value, shown] of [
          ["https://hooks.example/?key=hunter2", "https://hooks.example/?…"],
          ["https://hooks.example/#hunter2", "https://hooks.example/#…"],
          ["ftp://user:hunter2@hooks.example/", "ftp://…@hooks.example/"]
        ] as const
      ) {
        assert.deepStrictEqual(yield* problems("PUBLIC_BASE_URL", value), [
          `PUBLIC_BASE_URL is "${shown}": expected a URL that begins with http:// or https:// and has no query`
        ])
      }
    }))

  for (const [name, expected, ...bad] of secret) {
    it.effect(`of ${name} makes one line without the value, which is secret`, () =>
      Effect.gen(function*() {
        for (const value of bad) {
          assert.deepStrictEqual(yield* problems(name, value), [
            `${name} is set to something else than expected: ${expected}`
          ], value)
        }
      }))
  }

  it.effect.prop(
    "of a secret is nowhere in the error, however it is shown",
    [FastCheck.constantFrom(...secret.map(([name]) => name)), FastCheck.string({ minLength: 8 })],
    ([name, value]) =>
      Environment.read.pipe(
        Effect.withConfigProvider(ConfigProvider.fromMap(new Map([[name, `not:${value}`]]))),
        Effect.sandbox,
        Effect.match({
          onFailure: (cause) => {
            const shown = [String(cause), inspect(cause, { depth: 20 }), JSON.stringify(cause)].join("\n")
            assert.notInclude(shown, `not:${value}`)
          },
          onSuccess: () => undefined
        })
      )
  )

  it.effect("of the longest delay that is shorter than the first is told with both", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* problems("RETRY_MAX_DELAY_MS", "4999"), [
        "RETRY_MAX_DELAY_MS is 4999: expected at least RETRY_BASE_DELAY_MS, which is 5000"
      ])
    }))

  it.effect("that two queues share is told as such", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* problems("RABBITMQ_REPLAY_QUEUE", "ig.events.process"), [
        "RABBITMQ_*_QUEUE are ig.events.process, ig.events.retry, ig.events.process, ig.events.dead: " +
        "expected four different names"
      ])
    }))
})
