import { Effect, Redacted } from "effect"
import { randomUUID } from "node:crypto"
import { inject } from "vitest"
import { managementKey } from "./ManagementKey.ts"
import * as Program from "./Program.ts"
import * as Port from "./servers/Port.ts"
import { acquireDatabase } from "./TestDatabase.ts"

/** One API and one worker process on the real servers of this run, with a database and queues of their own. */
export const make = Effect.fnUntraced(function*(changes: Readonly<Record<string, string>> = {}) {
  const databaseUrl = yield* acquireDatabase(inject("migratedTemplate"))
  const port = yield* Port.free
  const queues = `test.${randomUUID().slice(0, 8)}`
  const env = {
    DATABASE_URL: databaseUrl,
    REDIS_URL: inject("redisUrl") ?? "",
    RABBITMQ_URL: inject("rabbitMqUrl") ?? "",
    RABBITMQ_PROCESS_QUEUE: `${queues}.process`,
    RABBITMQ_RETRY_QUEUE: `${queues}.retry`,
    RABBITMQ_REPLAY_QUEUE: `${queues}.replay`,
    RABBITMQ_DEAD_LETTER_QUEUE: `${queues}.dead`,
    APP_HOST: "127.0.0.1",
    APP_PORT: String(port),
    WORKER_PORT: "0",
    MANAGEMENT_API_KEY: managementKey,
    ENCRYPTION_KEYS: `test:${Buffer.alloc(32, 7).toString("base64")}`,
    CALLBACK_ALLOW_PRIVATE: "127.0.0.1/32",
    RETRY_BASE_DELAY_MS: "300",
    RETRY_MAX_DELAY_MS: "2400",
    RETRY_BACKOFF_FACTOR: "2",
    PROCESSING_LOCK_TTL_SECONDS: "2",
    ...changes
  }
  const base = `http://127.0.0.1:${port}`
  const api = yield* Program.make({ entry: "api/server.js", env, ready: answers(`${base}/api/v1/health/live`) })
  const worker = yield* Program.make({ entry: "worker/worker.js", env, ready: Effect.succeed(true) })
  return { api, worker, base, databaseUrl: Redacted.make(databaseUrl), env }
})

const answers = (url: string) => Effect.promise(() => fetch(url).then((response) => response.ok, () => false))
