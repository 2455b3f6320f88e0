import { ConfigProvider, Duration, Effect, Layer, Redacted } from "effect"
import { randomUUID } from "node:crypto"
import { inject } from "vitest"
import * as CallbackAddress from "../../src/domain/CallbackAddress.ts"
import * as Queues from "../../src/domain/Queues.ts"
import * as Rungs from "../../src/domain/Rungs.ts"
import * as Environment from "../../src/layers/Environment.ts"
import * as MakeSettings from "../../src/layers/MakeSettings.ts"
import * as MemoryBroker from "../../src/layers/MemoryBroker.ts"
import * as MemoryCoordination from "../../src/layers/MemoryCoordination.ts"
import * as RabbitMqBroker from "../../src/layers/RabbitMqBroker.ts"
import * as RedisCoordination from "../../src/layers/RedisCoordination.ts"
import { Settings } from "../../src/services/Settings.ts"
import { managementKey } from "./ManagementKey.ts"

/** Times that suit a test: what takes seconds in production takes tens of milliseconds here. */
const quick = {
  RETRY_BASE_DELAY_MS: "50",
  RETRY_MAX_DELAY_MS: "800",
  RETRY_BACKOFF_FACTOR: "2",
  MAX_PROCESSING_RETRIES: "4",
  PROCESSING_LOCK_TTL_SECONDS: "2",
  DELIVERY_TIMEOUT_MS: "3000"
}

const defaults = Effect.runSync(
  Effect.withConfigProvider(Environment.read, ConfigProvider.fromMap(new Map(Object.entries(quick))))
)

const timing: typeof Settings.Service.sweep = {
  every: Duration.millis(200),
  grace: Duration.millis(500),
  settle: Duration.millis(100),
  retrySlack: Duration.millis(500),
  markerEvery: Duration.millis(200),
  markerPatience: Duration.millis(600)
}

/** Settings with queues of their own, so that suites share a broker without meeting. */
export const settings = (changes: Partial<typeof Settings.Service> = {}): typeof Settings.Service => {
  const base = MakeSettings.make(defaults, {
    managementApiKey: Redacted.make(managementKey),
    encryptionKeys: Redacted.make([{ id: "test", bytes: Redacted.make(new Uint8Array(32).fill(7)) }]),
    callbackPolicy: CallbackAddress.withLoopback(defaults.callbackPolicy)
  })
  const merged = { ...base, sweep: timing, ...changes }
  const rungs = Rungs.derive(merged.retryPolicy)
  const unique = `test.${randomUUID().slice(0, 8)}`
  const names = {
    process: `${unique}.process`,
    retry: `${unique}.retry`,
    replay: `${unique}.replay`,
    deadLetter: `${unique}.dead`
  }
  return { ...merged, rungs, queues: changes.queues ?? Queues.make(names, rungs) }
}

/** Coordination and broker in memory. */
export const twins = (settings: typeof Settings.Service) =>
  Layer.mergeAll(MemoryBroker.layer(settings.queues), MemoryCoordination.layer, Layer.succeed(Settings, settings))

/** Coordination and broker on the real servers of this run. */
export const real = (settings: typeof Settings.Service) =>
  Layer.mergeAll(
    RabbitMqBroker.layer({ url: Redacted.make(inject("rabbitMqUrl") ?? ""), queues: settings.queues }),
    RedisCoordination.layer(Redacted.make(inject("redisUrl") ?? "")),
    Layer.succeed(Settings, settings)
  )

export const realServers = inject("rabbitMqUrl") !== null && inject("redisUrl") !== null
