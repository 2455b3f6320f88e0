import { Context, type Duration, type Option, type Redacted } from "effect"
import type * as CallbackAddress from "../domain/CallbackAddress.ts"
import type { Queues } from "../domain/Queues.ts"
import type { RetryPolicy } from "../domain/RetryPolicy.ts"
import type { Rungs } from "../domain/Rungs.ts"

/** A key of the vault: 32 bytes, and the id that its envelopes carry. */
export interface EncryptionKey {
  readonly id: string
  readonly bytes: Redacted.Redacted<Uint8Array>
}

/** When the sweeper looks, and how long it leaves things alone before it calls them lost. */
export interface SweepTiming {
  readonly every: Duration.Duration
  /** How long a delivery may wait for its first message, or a replay for a worker. */
  readonly grace: Duration.Duration
  /** How long after a marker came back the messages before it may still be on their way to a claim. */
  readonly settle: Duration.Duration
  /** How much later than due a retry may come out of its rung. */
  readonly retrySlack: Duration.Duration
  readonly markerEvery: Duration.Duration
  /** How long a marker is waited for before another one is sent. */
  readonly markerPatience: Duration.Duration
}

/** When a destination that keeps failing is left alone, and how it is tried again. */
export interface BreakerPolicy {
  /** Attempts that failed one after another, and for how long, before the breaker opens. */
  readonly failures: number
  readonly failingFor: Duration.Duration
  /** From opening to the first probe. Later ones come as late again as the breaker has been open, up to the longest. */
  readonly probeAfter: Duration.Duration
  readonly probeAtMost: Duration.Duration
}

/** What the business programs need of the configuration, checked and ready to use. */
export class Settings extends Context.Tag("sluice/services/Settings")<Settings, {
  /** The table that says which migrations the database has seen. */
  readonly migrationsTable: string
  readonly maxWebhookBytes: number
  /** How long a sender may take for a body. */
  readonly bodyTimeout: Duration.Duration
  /** How long PostgreSQL may take to tell of an integration, and to store a webhook, before its sender is told to send it again. */
  readonly acceptWithin: Duration.Duration
  /** How long a management call may take until it is answered 503. */
  readonly manageWithin: Duration.Duration
  readonly rateLimitPerMinute: number
  readonly idempotencyTtl: Duration.Duration
  /** Life of a delivery's lock and of its claim's lease, both renewed while the attempt runs. */
  readonly lockTtl: Duration.Duration
  readonly retryPolicy: RetryPolicy
  /** The delays that a retry can have. */
  readonly rungs: Rungs
  readonly queues: Queues
  readonly workerConcurrency: number
  readonly deliveryTimeout: Duration.Duration
  readonly managementApiKey: Redacted.Redacted
  /** The first one encrypts, all decrypt. */
  readonly encryptionKeys: readonly [EncryptionKey, ...Array<EncryptionKey>]
  readonly callbackPolicy: CallbackAddress.Policy
  readonly publicBaseUrl: Option.Option<string>
  readonly deliverySink: boolean
  readonly sweep: SweepTiming
  readonly breaker: BreakerPolicy
}>() {}
