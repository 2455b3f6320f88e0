import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, FastCheck, LogLevel, Option, Redacted } from "effect"
import { inspect } from "node:util"
import * as Environment from "../../src/layers/Environment.ts"

type Given = Readonly<Record<string, string>>

const within = (given: Given) => Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(given))))

const read = (given: Given) => within(given)(Environment.read)
const readForRole = (given: Given) => within(given)(Environment.readForRole)

const base64Key = Buffer.alloc(32, 7).toString("base64")

const servers = {
  DATABASE_URL: "postgres://user:database-password@db:5432/sluice",
  REDIS_URL: "rediss://:redis-password@cache:6379/1",
  RABBITMQ_URL: "amqps://user:rabbit-password@queue/vhost",
  MANAGEMENT_API_KEY: "management-key-of-the-tests",
  ENCRYPTION_KEYS: `k2:${base64Key},k1:${Buffer.alloc(32, 8).toString("base64")}`
}

describe("the environment", () => {
  it.effect("has the defaults that the operators' documents tell", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* read({}), {
        host: "0.0.0.0",
        port: 3_000,
        workerPort: 3_001,
        logLevel: LogLevel.Info,
        databaseUrl: Option.none(),
        migrationsTable: "schema_migrations",
        redisUrl: Option.none(),
        rabbitMqUrl: Option.none(),
        rateLimitPerMinute: 6_000,
        idempotencyTtlSeconds: 86_400,
        lockTtlSeconds: 60,
        queueNames: {
          process: "ig.events.process",
          retry: "ig.events.retry",
          replay: "ig.events.replay",
          deadLetter: "ig.events.dead"
        },
        retryPolicy: { maxRetries: 10, baseDelayMs: 5_000, factor: 3, maxDelayMs: 21_600_000 },
        managementApiKey: Option.none(),
        encryptionKeys: Option.none(),
        workerConcurrency: 64,
        deliveryTimeoutMs: 15_000,
        maxWebhookBytes: 5_242_880,
        callbackPolicy: { privateTier: false, ranges: [] },
        dataDir: ".sluice",
        publicBaseUrl: Option.none(),
        otelEndpoint: Option.none(),
        otelHeaders: Option.none(),
        otelServiceName: Option.none(),
        doctorSlackSeconds: 300,
        production: false
      })
    }))

  it.effect("takes an empty variable for one that is not set, as compose files write it", () =>
    Effect.gen(function*() {
      const names = [
        ...Object.keys(servers),
        "APP_HOST",
        "APP_PORT",
        "WORKER_PORT",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_HEADERS",
        "OTEL_SERVICE_NAME",
        "LOG_LEVEL",
        "DB_MIGRATIONS_TABLE",
        "RABBITMQ_PROCESS_QUEUE",
        "RETRY_BACKOFF_FACTOR",
        "CALLBACK_ALLOW_PRIVATE",
        "DATA_DIR",
        "PUBLIC_BASE_URL",
        "NODE_ENV"
      ]
      assert.deepStrictEqual(yield* read(Object.fromEntries(names.map((name) => [name, ""]))), yield* read({}))
    }))

  it.effect("is read, each variable where it belongs", () =>
    Effect.gen(function*() {
      const variables = yield* read({
        ...servers,
        APP_HOST: "127.0.0.1",
        APP_PORT: "0",
        WORKER_PORT: "65535",
        LOG_LEVEL: "warn",
        DB_MIGRATIONS_TABLE: "my_migrations",
        WEBHOOK_RATE_LIMIT_PER_MINUTE: "1",
        IDEMPOTENCY_TTL_SECONDS: "2",
        PROCESSING_LOCK_TTL_SECONDS: "3",
        RABBITMQ_PROCESS_QUEUE: "p",
        RABBITMQ_RETRY_QUEUE: "r",
        RABBITMQ_REPLAY_QUEUE: "y",
        RABBITMQ_DEAD_LETTER_QUEUE: "d",
        MAX_PROCESSING_RETRIES: "0",
        RETRY_BASE_DELAY_MS: "4",
        RETRY_BACKOFF_FACTOR: "1.5",
        RETRY_MAX_DELAY_MS: "5",
        WORKER_CONCURRENCY: "6",
        DELIVERY_TIMEOUT_MS: "700",
        MAX_WEBHOOK_BYTES: "8",
        CALLBACK_ALLOW_PRIVATE: "true",
        DATA_DIR: "/data",
        PUBLIC_BASE_URL: "https://hooks.example/base//",
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318",
        OTEL_EXPORTER_OTLP_HEADERS: "X-Key=a%20b=,other=1",
        OTEL_SERVICE_NAME: "hooks",
        DOCTOR_SLACK_SECONDS: "9",
        NODE_ENV: "production"
      })
      assert.strictEqual(Redacted.value(Option.getOrThrow(variables.databaseUrl)), servers.DATABASE_URL)
      assert.strictEqual(Redacted.value(Option.getOrThrow(variables.redisUrl)), servers.REDIS_URL)
      assert.strictEqual(Redacted.value(Option.getOrThrow(variables.rabbitMqUrl)), servers.RABBITMQ_URL)
      assert.strictEqual(Redacted.value(Option.getOrThrow(variables.managementApiKey)), servers.MANAGEMENT_API_KEY)
      const keys = Redacted.value(Option.getOrThrow(variables.encryptionKeys))
      assert.deepStrictEqual(keys.map((_) => _.id), ["k2", "k1"])
      assert.deepStrictEqual(Redacted.value(Option.getOrThrow(variables.otelHeaders)), { "x-key": "a b=", other: "1" })
      const {
        databaseUrl: _1,
        encryptionKeys: _2,
        managementApiKey: _3,
        otelHeaders: _6,
        rabbitMqUrl: _4,
        redisUrl: _5,
        ...rest
      } = variables
      assert.deepStrictEqual(rest, {
        host: "127.0.0.1",
        port: 0,
        workerPort: 65_535,
        logLevel: LogLevel.Warning,
        migrationsTable: "my_migrations",
        rateLimitPerMinute: 1,
        idempotencyTtlSeconds: 2,
        lockTtlSeconds: 3,
        queueNames: { process: "p", retry: "r", replay: "y", deadLetter: "d" },
        retryPolicy: { maxRetries: 0, baseDelayMs: 4, factor: 1.5, maxDelayMs: 5 },
        workerConcurrency: 6,
        deliveryTimeoutMs: 700,
        maxWebhookBytes: 8,
        callbackPolicy: { privateTier: true, ranges: [] },
        dataDir: "/data",
        publicBaseUrl: Option.some("https://hooks.example/base"),
        otelEndpoint: Option.some("http://collector:4318"),
        otelServiceName: Option.some("hooks"),
        doctorSlackSeconds: 9,
        production: true
      })
    }))

  it.effect("tells every problem at once, one line each, in order", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(read({ WORKER_CONCURRENCY: "none", APP_PORT: "70000", REDIS_URL: "cache:6379" }))
      assert.strictEqual(
        error.message,
        "The configuration cannot be used:\n" +
          "  APP_PORT is \"70000\": expected a whole number from 0 to 65535\n" +
          "  REDIS_URL is set to something else than expected: a URL that begins with redis:// or rediss://\n" +
          "  WORKER_CONCURRENCY is \"none\": expected a whole number from 1 to 10000"
      )
    }))

  it.effect.prop(
    "makes one line of whatever is not a number in range",
    [
      FastCheck.constantFrom("APP_PORT", "MAX_WEBHOOK_BYTES", "RETRY_BACKOFF_FACTOR"),
      FastCheck.string({ unit: "binary" })
    ],
    ([name, value]) =>
      Effect.gen(function*() {
        const found = yield* Effect.match(read({ [name]: value }), {
          onFailure: (_) => _.problems,
          onSuccess: () => []
        })
        if (value === "" || Number.isFinite(Number(value.trim() || "x"))) return
        assert.strictEqual(found.length, 1)
        assert.isTrue(found[0]?.startsWith(`${name} is ${JSON.stringify(value)}: expected a`))
        assert.notInclude(found[0], "\n")
      })
  )
})

describe("a role that runs alone", () => {
  it.effect("needs its servers and its keys, and says which of them are missing", () =>
    Effect.gen(function*() {
      const { problems } = yield* Effect.flip(readForRole({ REDIS_URL: servers.REDIS_URL, DATABASE_URL: "" }))
      assert.deepStrictEqual(problems, [
        "DATABASE_URL is missing: expected a URL that begins with postgres:// or postgresql://",
        "ENCRYPTION_KEYS is missing: expected id:base64key[,id:base64key…] with different ids and 32-byte keys, " +
        "such as k1:$(openssl rand -base64 32)",
        "MANAGEMENT_API_KEY is missing: expected at least 16 characters without spaces",
        "RABBITMQ_URL is missing: expected a URL that begins with amqp:// or amqps://"
      ])
    }))

  it.effect("is told of a bad value once, together with what is missing and what else is bad", () =>
    Effect.gen(function*() {
      const { problems } = yield* Effect.flip(
        readForRole({ ...servers, DATABASE_URL: "x", REDIS_URL: "", APP_PORT: "x" })
      )
      assert.deepStrictEqual(problems.map((_) => _.split(" ")[0]), ["APP_PORT", "DATABASE_URL", "REDIS_URL"])
    }))

  it.effect("has them, redacted", () =>
    Effect.gen(function*() {
      const given = yield* readForRole(servers)
      assert.strictEqual(Redacted.value(given.databaseUrl), servers.DATABASE_URL)
      assert.strictEqual(Redacted.value(given.redisUrl), servers.REDIS_URL)
      assert.strictEqual(Redacted.value(given.rabbitMqUrl), servers.RABBITMQ_URL)
      assert.strictEqual(Redacted.value(given.managementApiKey), servers.MANAGEMENT_API_KEY)
      assert.strictEqual(Redacted.value(given.encryptionKeys).length, 2)
      const shown = inspect(given, { depth: 20 }) + JSON.stringify(given)
      for (const secret of ["database-password", "redis-password", "rabbit-password", "management-key", base64Key]) {
        assert.notInclude(shown, secret)
      }
    }))
})
