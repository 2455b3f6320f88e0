import { Clock, Duration, Effect, Schema } from "effect"
import type { Books } from "./Contender.ts"
import * as Filling from "./Filling.ts"
import * as Waiting from "./Waiting.ts"

interface Rows {
  readonly batch: string
  readonly count: number
  readonly from: number
  readonly until: number
  readonly state: "delivered" | "pending"
}

const numbers = "FROM generate_series($1::int, $2::int) AS n"

const statementsOf = ({ batch, count, from, state, until }: Rows): ReadonlyArray<string> => {
  const millis = Filling.time(from, until, count)
  const event = Filling.uuid(`${batch} event`, millis)
  return [
    `INSERT INTO events (id, source_id, dedupe_key, content_type, headers, body, received_at)
     SELECT ${event}, (SELECT id FROM sources LIMIT 1), ${Filling.id(batch)}, 'application/json',
       json_build_object('content-type', 'application/json', 'user-agent', 'bench', 'x-id', ${Filling.id(batch)},
         'x-signature', md5(n::text)),
       ${Filling.body(batch)}, to_timestamp(${millis} / 1000.0) ${numbers}`,
    `INSERT INTO deliveries (id, event_id, destination_id, state, attempts)
     SELECT ${Filling.uuid(`${batch} delivery`, millis)}, ${event}, (SELECT id FROM destinations LIMIT 1), '${state}',
       ${state === "delivered" ? 1 : 0} ${numbers}`
  ]
}

const attemptsOf = ({ batch, count, from, until }: Rows): string => {
  const millis = Filling.time(from, until, count)
  return `INSERT INTO attempts (delivery_id, number, status, duration_ms, at)
    SELECT ${Filling.uuid(`${batch} delivery`, millis)}, 1, 200, 12, to_timestamp(${millis} / 1000.0) ${numbers}`
}

export const books: Books = {
  stored: ({ sql }, ids) =>
    sql`
      SELECT dedupe_key AS id FROM unnest(${ids}::text[]) AS sent (id) JOIN events ON dedupe_key = sent.id
      WHERE source_id = (SELECT id FROM sources)`.pipe(
      Effect.flatMap(Schema.decodeUnknown(Schema.Array(Schema.Struct({ id: Schema.String })))),
      Effect.map((rows) => rows.map(({ id }) => id)),
      Effect.orDie
    ),
  total: ({ sql }) => Filling.countOf(sql, "events"),
  open: ({ sql }) =>
    sql`
      SELECT count(*)::int AS open
      FROM (SELECT FROM deliveries WHERE state IN ('pending', 'retrying') LIMIT 1000) AS unfinished`.pipe(
      Effect.flatMap(Schema.decodeUnknown(Schema.Tuple(Schema.Struct({ open: Schema.Number })))),
      Effect.map(([{ open }]) => open),
      Effect.orDie
    ),
  grow: Effect.fn("ByHandBooks.grow")(function*({ sql }, count) {
    const until = (yield* Clock.currentTimeMillis) - Duration.toMillis("1 day")
    const from = until - Duration.toMillis("29 days")
    const rows: Rows = { batch: "stored", count, from, until, state: "delivered" }
    yield* Filling.insert({
      sql,
      count,
      bare: ["events", "deliveries", "attempts"],
      statements: [...statementsOf(rows), attemptsOf(rows)]
    })
  }),
  queue: Effect.fn("ByHandBooks.queue")(function*({ ground, queues, sql }, batch, count) {
    const until = yield* Clock.currentTimeMillis
    yield* Filling.insert({
      sql,
      count,
      bare: ["events", "deliveries"],
      statements: statementsOf({ batch, count, from: until - Duration.toMillis("1 hour"), until, state: "pending" })
    })
    yield* Waiting.publish({
      sql,
      rabbitMqUrl: ground.rabbitMq.url,
      queue: queues,
      where: "state = 'pending'",
      messageOf: ({ id }) => id
    })
  })
}
