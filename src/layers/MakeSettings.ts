import { Duration, Redacted } from "effect"
import type * as CallbackAddress from "../domain/CallbackAddress.ts"
import * as Queues from "../domain/Queues.ts"
import * as Rungs from "../domain/Rungs.ts"
import type { BreakerPolicy, EncryptionKey, Settings, SweepTiming } from "../services/Settings.ts"
import type { Common } from "./Environment.ts"

export interface Resolved {
  readonly managementApiKey: Redacted.Redacted
  readonly encryptionKeys: Redacted.Redacted<readonly [EncryptionKey, ...Array<EncryptionKey>]>
  readonly callbackPolicy: CallbackAddress.Policy
}

const bodyTimeout = Duration.seconds(20)
// Below the patience of the least patient providers, which is ten seconds.
const acceptWithin = Duration.seconds(8)
// People and their tools wait no longer than for a webhook.
const manageWithin = Duration.seconds(8)

const sweep: SweepTiming = {
  every: Duration.seconds(5),
  grace: Duration.seconds(10),
  // A message waits in hand for its turn and then for a place, a second each.
  settle: Duration.seconds(5),
  retrySlack: Duration.seconds(15),
  markerEvery: Duration.seconds(10),
  markerPatience: Duration.seconds(30)
}

const breaker: BreakerPolicy = {
  failures: 20,
  failingFor: Duration.seconds(10),
  probeAfter: Duration.seconds(5),
  probeAtMost: Duration.seconds(30)
}

/** The settings that follow from the environment's variables. */
export const make = (variables: Common, resolved: Resolved): typeof Settings.Service => ({
  ...keyless(variables),
  ...resolved,
  encryptionKeys: Redacted.value(resolved.encryptionKeys)
})

/** Those that no key and no policy has to be resolved for. */
export const keyless = (variables: Common): Omit<typeof Settings.Service, keyof Resolved> => {
  const rungs = Rungs.derive(variables.retryPolicy)
  return {
    migrationsTable: variables.migrationsTable,
    maxWebhookBytes: variables.maxWebhookBytes,
    bodyTimeout,
    acceptWithin,
    manageWithin,
    rateLimitPerMinute: variables.rateLimitPerMinute,
    idempotencyTtl: Duration.seconds(variables.idempotencyTtlSeconds),
    lockTtl: Duration.seconds(variables.lockTtlSeconds),
    retryPolicy: variables.retryPolicy,
    rungs,
    queues: Queues.make(variables.queueNames, rungs),
    workerConcurrency: variables.workerConcurrency,
    deliveryTimeout: Duration.millis(variables.deliveryTimeoutMs),
    publicBaseUrl: variables.publicBaseUrl,
    deliverySink: !variables.production,
    sweep,
    breaker
  }
}
