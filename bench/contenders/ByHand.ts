import { Effect, Option } from "effect"
import { readFileSync } from "node:fs"
import { v7 } from "uuid"
import type { Config } from "../by-hand/Config.ts"
import * as Queues from "../by-hand/Queues.ts"
import type { Place } from "../Place.ts"
import { program } from "../Program.ts"
import { books } from "./ByHandBooks.ts"
import * as Contender from "./Contender.ts"
import * as Crew from "./Crew.ts"

const schema = new URL("../by-hand/schema.sql", import.meta.url)

const connections = 20

const configOf = ({ ground: { rabbitMq, redis }, queues, url }: Place, port: number): Config => ({
  databaseUrl: url,
  redisUrl: redis.url,
  rabbitMqUrl: rabbitMq.url,
  queue: queues,
  port,
  poolSize: connections,
  prefetch: Contender.concurrency,
  ratePerMinute: 10_000_000,
  retryDelaysMs: Contender.retryDelaysMs
})

const furnish = Effect.fnUntraced(function*({ sql }: Place, callbacks: ReadonlyArray<string>) {
  const known = yield* sql`SELECT id FROM sources`
  if (known.length > 0) return
  const id = v7()
  yield* sql`INSERT INTO sources (id, slug, secret) VALUES (${id}, ${Contender.slug}, ${Contender.secret})`
  yield* Effect.forEach(
    callbacks,
    (url) => sql`INSERT INTO destinations (id, source_id, url, secret) VALUES (${v7()}, ${id}, ${url}, 'its secret')`,
    { discard: true }
  )
}, Effect.orDie)

const run = (name: string, config: Config): Crew.Program => ({
  file: program(`by-hand/${name}.js`),
  args: [JSON.stringify(config)]
})

/** What a competent engineer writes in a day. */
export const byHand: Contender.Contender = {
  name: "by-hand",
  prepare: ({ sql }) =>
    Effect.orDie(Effect.flatMap(Effect.sync(() => readFileSync(schema, "utf8")), (text) => sql.unsafe(text))),
  queues: (place) => Queues.names(configOf(place, 0)),
  start: Effect.fn("ByHand.start")(function*(setting) {
    const { callbacks, place } = setting
    yield* furnish(place, callbacks)
    const crew = yield* Crew.make("by-hand", setting, {
      api: (port) => run("api", configOf(place, port)),
      worker: Option.some(run("worker", configOf(place, 0)))
    })
    return {
      ...crew,
      path: `/webhooks/${Contender.slug}`,
      replay: crew.errand(run("replay", configOf(place, 0)))
    }
  }),
  books
}
