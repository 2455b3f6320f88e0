import { Pool } from "pg"
import * as Callbacks from "./Callbacks.ts"
import * as Config from "./Config.ts"
import * as Deliveries from "./Deliveries.ts"
import * as Queues from "./Queues.ts"

const config = Config.read()
const maxAttempts = 10

const pool = new Pool({ connectionString: config.databaseUrl, max: config.poolSize, min: config.poolSize })
pool.on("error", () => undefined)
const post = Callbacks.make(config.prefetch)
const channel = await Queues.open(config)

const attempt = async (delivery: Deliveries.Delivery): Promise<Deliveries.Outcome> => {
  const startedAt = Date.now()
  const [status, error] = await post(delivery).then(
    (status) => [status, status >= 200 && status < 300 ? null : `answered ${status}`] as const,
    (cause: unknown) => [null, String(cause)] as const
  )
  const durationMs = Date.now() - startedAt
  if (error === null) return { status, error, durationMs, state: "delivered" }
  return { status, error, durationMs, state: delivery.attempts + 1 >= maxAttempts ? "dead" : "retrying" }
}

const carry = async (id: string): Promise<void> => {
  const delivery = await Deliveries.load(pool, id)
  if (delivery === undefined || delivery.state === "delivered" || delivery.state === "dead") return
  const outcome = await attempt(delivery)
  await Deliveries.record(pool, delivery, outcome)
  if (outcome.state === "retrying") await Queues.retry(channel, config, id, delivery.attempts + 1)
}

await channel.prefetch(config.prefetch)
await channel.consume(config.queue, (message) => {
  if (message === null) process.exit(1)
  carry(message.content.toString()).then(() => channel.ack(message), () => channel.nack(message))
})
process.once("SIGTERM", () => process.exit())
