import { Config, ConfigError, Data, Effect, Either, LogLevel, Option, Schema } from "effect"
import * as CallbackAddress from "../domain/CallbackAddress.ts"
import type { QueueNames } from "../domain/Queues.ts"
import type { RetryPolicy } from "../domain/RetryPolicy.ts"
import { EncryptionKeys } from "./EncryptionKeys.ts"
import { OtelHeaders } from "./OtelHeaders.ts"
import * as Variable from "./Variable.ts"

/** Something in the environment is wrong; one line for each problem. */
export class ConfigurationError
  extends Data.TaggedError("ConfigurationError")<{ readonly problems: ReadonlyArray<string> }>
{
  override get message(): string {
    return `The configuration cannot be used:\n${this.problems.map((_) => `  ${_}`).join("\n")}`
  }
}

const integer = (minimum: number, maximum: number) => ({
  schema: Schema.NumberFromString.pipe(Schema.int(), Schema.between(minimum, maximum)),
  expected: `a whole number from ${minimum} to ${maximum}`
})
const text = { schema: Schema.NonEmptyString, expected: "a text" }
const queueName = {
  schema: Schema.String.pipe(Schema.pattern(/^[\w.:-]{1,100}$/)),
  expected: "a queue name of up to 100 letters, digits, and the signs . : - _"
}
const url = (...protocols: ReadonlyArray<string>) => ({
  schema: Schema.String.pipe(
    // A host and its port alone, such as redis:6379, make a URL too.
    Schema.filter((value) => URL.canParse(value) && protocols.some((_) => value.toLowerCase().startsWith(`${_}://`)))
  ),
  expected: `a URL that begins with ${protocols.map((_) => `${_}://`).join(" or ")}`
})

const baseUrl = {
  schema: url("http", "https").schema.pipe(Schema.filter((value) => !/[?#]/.test(value))),
  expected: "a URL that begins with http:// or https:// and has no query"
}

const levels = {
  trace: LogLevel.Trace,
  debug: LogLevel.Debug,
  info: LogLevel.Info,
  warn: LogLevel.Warning,
  error: LogLevel.Error
}
const Level = Schema.Literal("trace", "debug", "info", "warn", "error")

const databaseUrl = { name: "DATABASE_URL", ...url("postgres", "postgresql") }
const redisUrl = { name: "REDIS_URL", ...url("redis", "rediss") }
const rabbitMqUrl = { name: "RABBITMQ_URL", ...url("amqp", "amqps") }
export const ManagementApiKey = Schema.String.pipe(Schema.pattern(/^[\x21-\x7e]{16,}$/))
const managementApiKey = {
  name: "MANAGEMENT_API_KEY",
  schema: ManagementApiKey,
  expected: "at least 16 characters without spaces"
}
const encryptionKeys = {
  name: "ENCRYPTION_KEYS",
  schema: EncryptionKeys,
  expected: "id:base64key[,id:base64key…] with different ids and 32-byte keys, such as k1:$(openssl rand -base64 32)"
}

const retryPolicy: Config.Config<RetryPolicy> = Config.all({
  maxRetries: Variable.withDefault({ name: "MAX_PROCESSING_RETRIES", ...integer(0, 100) }, 10),
  baseDelayMs: Variable.withDefault({ name: "RETRY_BASE_DELAY_MS", ...integer(1, 86_400_000) }, 5_000),
  factor: Variable.withDefault({
    name: "RETRY_BACKOFF_FACTOR",
    schema: Schema.NumberFromString.pipe(Schema.between(1, 100)),
    expected: "a number from 1 to 100"
  }, 3),
  maxDelayMs: Variable.withDefault({ name: "RETRY_MAX_DELAY_MS", ...integer(1, 604_800_000) }, 21_600_000)
}).pipe(
  Config.mapOrFail((policy) =>
    policy.baseDelayMs <= policy.maxDelayMs
      ? Either.right(policy)
      : Either.left(
        ConfigError.InvalidData(
          [],
          `RETRY_MAX_DELAY_MS is ${policy.maxDelayMs}: expected at least RETRY_BASE_DELAY_MS, which is ${policy.baseDelayMs}`
        )
      )
  )
)

const queueNames: Config.Config<QueueNames> = Config.all({
  process: Variable.withDefault({ name: "RABBITMQ_PROCESS_QUEUE", ...queueName }, "ig.events.process"),
  retry: Variable.withDefault({ name: "RABBITMQ_RETRY_QUEUE", ...queueName }, "ig.events.retry"),
  replay: Variable.withDefault({ name: "RABBITMQ_REPLAY_QUEUE", ...queueName }, "ig.events.replay"),
  deadLetter: Variable.withDefault({ name: "RABBITMQ_DEAD_LETTER_QUEUE", ...queueName }, "ig.events.dead")
}).pipe(
  Config.mapOrFail((names) => {
    const all = Object.values(names)
    return new Set(all).size === all.length
      ? Either.right(names)
      : Either.left(
        ConfigError.InvalidData([], `RABBITMQ_*_QUEUE are ${all.join(", ")}: expected four different names`)
      )
  })
)

/** Every variable that Sluice reads, checked. */
const variables = Config.all({
  host: Variable.withDefault({ name: "APP_HOST", ...text }, "0.0.0.0"),
  port: Variable.withDefault({ name: "APP_PORT", ...integer(0, 65_535) }, 3_000),
  workerPort: Variable.withDefault({ name: "WORKER_PORT", ...integer(0, 65_535) }, 3_001),
  logLevel: Config.map(
    Variable.withDefault({ name: "LOG_LEVEL", schema: Level, expected: "trace, debug, info, warn or error" }, "info"),
    (level) => levels[level]
  ),
  databaseUrl: Variable.secret(databaseUrl),
  migrationsTable: Variable.withDefault({
    name: "DB_MIGRATIONS_TABLE",
    schema: Schema.String.pipe(Schema.pattern(/^[a-z_][a-z0-9_]{0,62}$/)),
    expected: "a table name of lower-case letters, digits and _"
  }, "schema_migrations"),
  redisUrl: Variable.secret(redisUrl),
  rabbitMqUrl: Variable.secret(rabbitMqUrl),
  rateLimitPerMinute: Variable.withDefault({ name: "WEBHOOK_RATE_LIMIT_PER_MINUTE", ...integer(1, 10_000_000) }, 6_000),
  idempotencyTtlSeconds: Variable.withDefault({ name: "IDEMPOTENCY_TTL_SECONDS", ...integer(1, 31_536_000) }, 86_400),
  lockTtlSeconds: Variable.withDefault({ name: "PROCESSING_LOCK_TTL_SECONDS", ...integer(1, 3_600) }, 60),
  queueNames,
  retryPolicy,
  managementApiKey: Variable.secret(managementApiKey),
  encryptionKeys: Variable.secret(encryptionKeys),
  workerConcurrency: Variable.withDefault({ name: "WORKER_CONCURRENCY", ...integer(1, 10_000) }, 64),
  deliveryTimeoutMs: Variable.withDefault({ name: "DELIVERY_TIMEOUT_MS", ...integer(10, 600_000) }, 15_000),
  maxWebhookBytes: Variable.withDefault({ name: "MAX_WEBHOOK_BYTES", ...integer(1, 104_857_600) }, 5_242_880),
  callbackPolicy: Variable.withDefault({
    name: "CALLBACK_ALLOW_PRIVATE",
    schema: CallbackAddress.Policy,
    expected: "true, false, or CIDRs with commas between them, such as 10.0.0.0/8,127.0.0.1/32"
  }, { privateTier: false, ranges: [] }),
  dataDir: Variable.withDefault({ name: "DATA_DIR", ...text }, ".sluice"),
  publicBaseUrl: Config.map(
    Variable.optional({ name: "PUBLIC_BASE_URL", ...baseUrl }),
    Option.map((_) => _.replace(/\/+$/, ""))
  ),
  otelEndpoint: Variable.optional({ name: "OTEL_EXPORTER_OTLP_ENDPOINT", ...baseUrl }),
  otelHeaders: Variable.secret({
    name: "OTEL_EXPORTER_OTLP_HEADERS",
    schema: OtelHeaders,
    expected: "name=value pairs with commas between them, such as x-api-key=secret"
  }),
  otelServiceName: Variable.optional({ name: "OTEL_SERVICE_NAME", ...text }),
  doctorSlackSeconds: Variable.withDefault({ name: "DOCTOR_SLACK_SECONDS", ...integer(0, 86_400) }, 300),
  production: Config.map(Config.withDefault(Config.string("NODE_ENV"), ""), (_) => _ === "production")
})

export type Variables = Config.Config.Success<typeof variables>

const servers = Config.all({
  databaseUrl: Variable.required(Variable.secret(databaseUrl), databaseUrl),
  redisUrl: Variable.required(Variable.secret(redisUrl), redisUrl),
  rabbitMqUrl: Variable.required(Variable.secret(rabbitMqUrl), rabbitMqUrl),
  managementApiKey: Variable.required(Variable.secret(managementApiKey), managementApiKey),
  encryptionKeys: Variable.required(Variable.secret(encryptionKeys), encryptionKeys)
})

/** What a role that runs alone cannot do without. */
export type Servers = Config.Config.Success<typeof servers>

/** What every way to run reads alike. */
export type Common = Omit<Variables, keyof Servers>

const checked = <A>(config: Config.Config<A>): Effect.Effect<A, ConfigurationError> =>
  Effect.mapError(config, (error) => new ConfigurationError({ problems: Variable.problems(error) }))

/** The encryption keys, for whoever seals into a database that others open too. */
export const readEncryptionKeys = checked(Variable.required(Variable.secret(encryptionKeys), encryptionKeys))

export const read: Effect.Effect<Variables, ConfigurationError> = checked(variables)

/** For a role that runs alone, which needs its servers and keys given. */
export const readForRole: Effect.Effect<Common & Servers, ConfigurationError> = checked(
  Config.map(Config.all([variables, servers]), ([variables, servers]) => ({ ...variables, ...servers }))
)
