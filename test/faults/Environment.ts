import { Duration, Effect } from "effect"
import { writeFileSync } from "node:fs"
import { managementKey } from "../support/ManagementKey.ts"

/** Lock and lease; short, so that a frozen process outlasts them, and so does an attempt that does not renew them. */
export const lockTtl = Duration.seconds(3)
export const deliveryTimeout = Duration.seconds(8)
/** What the doctor takes for a matter of time. */
const doctorSlack = Duration.seconds(30)

export const queues = {
  process: "faults.process",
  retry: "faults.retry",
  replay: "faults.replay",
  deadLetter: "faults.dead"
}

export const rungs = [500, 1_000, 2_000, 4_000, 8_000]

/** What a process under test finds in its environment. */
export const make = (at: {
  readonly postgres: string
  readonly redis: string
  readonly rabbitMq: string
  readonly port: number
}): Readonly<Record<string, string>> => ({
  DATABASE_URL: at.postgres,
  REDIS_URL: at.redis,
  RABBITMQ_URL: at.rabbitMq,
  RABBITMQ_PROCESS_QUEUE: queues.process,
  RABBITMQ_RETRY_QUEUE: queues.retry,
  RABBITMQ_REPLAY_QUEUE: queues.replay,
  RABBITMQ_DEAD_LETTER_QUEUE: queues.deadLetter,
  APP_HOST: "127.0.0.1",
  APP_PORT: String(at.port),
  WORKER_PORT: "0",
  MANAGEMENT_API_KEY: managementKey,
  ENCRYPTION_KEYS: `faults:${Buffer.alloc(32, 7).toString("base64")}`,
  CALLBACK_ALLOW_PRIVATE: "127.0.0.1/32",
  PROCESSING_LOCK_TTL_SECONDS: String(Duration.toSeconds(lockTtl)),
  DELIVERY_TIMEOUT_MS: String(Duration.toMillis(deliveryTimeout)),
  RETRY_BASE_DELAY_MS: String(rungs[0]),
  RETRY_BACKOFF_FACTOR: "2",
  RETRY_MAX_DELAY_MS: String(rungs.at(-1)),
  // So that no outage of a run is long enough to use them up.
  MAX_PROCESSING_RETRIES: "100",
  DOCTOR_SLACK_SECONDS: String(Duration.toSeconds(doctorSlack)),
  NODE_ENV: "production"
})

/** Tells a process through its file how far ahead its host's clock is; a restarted process finds it there too. */
export const shiftClock = (file: string, millis: number) => Effect.sync(() => writeFileSync(file, String(millis)))
