import { Pool } from "pg"
import * as Config from "./Config.ts"
import * as Queues from "./Queues.ts"

// Delivers everything again that was delivered: a script as one writes it when it is needed.
const config = Config.read()
const step = 1_000

const pool = new Pool({ connectionString: config.databaseUrl, max: 1 })
const channel = await Queues.open(config)

const next = async (after: string): Promise<void> => {
  const { rows } = await pool.query<{ readonly id: string }>(
    `UPDATE deliveries SET state = 'pending', attempts = 0, updated_at = now()
     WHERE id IN (SELECT id FROM deliveries WHERE state = 'delivered' AND id > $1 ORDER BY id LIMIT ${step})
     RETURNING id`,
    [after]
  )
  if (rows.length === 0) return
  const ids = rows.map(({ id }) => id).toSorted()
  await Promise.all(ids.map((id) => Queues.publish(channel, config.queue, id)))
  return next(ids.at(-1) ?? after)
}

await next("00000000-0000-0000-0000-000000000000")
process.exit()
