import { Clock, Duration, Effect, Schema } from "effect"
import { DeliveryId, DestinationId } from "../../src/domain/Ids.ts"
import * as QueueMessage from "../../src/domain/QueueMessage.ts"
import { type Books, slug } from "./Contender.ts"
import * as Filling from "./Filling.ts"
import * as Waiting from "./Waiting.ts"

const days = 30
const destination = `(
  SELECT d.id FROM destinations d JOIN integrations i ON i.id = d.integration_id WHERE i.slug = '${slug}' LIMIT 1
)`
const integration = `(SELECT id FROM integrations WHERE slug = '${slug}')`

/** The partitions of the days that are filled: the gateway itself only makes those to come. */
const pastPartitions = `
  DO $$ DECLARE parent text; day date; BEGIN
    FOREACH parent IN ARRAY ARRAY['event_bodies', 'attempts'] LOOP
      FOR day IN SELECT generate_series(current_date - ${days + 1}, current_date - 2, interval '1 day')::date LOOP
        EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
          parent || '_' || to_char(day, 'YYYYMMDD'), parent,
          day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
      END LOOP;
    END LOOP;
  END $$`

interface Rows {
  readonly batch: string
  readonly count: number
  readonly from: number
  readonly until: number
  /** The columns of a delivery that depend on where it stands. */
  readonly delivery: Readonly<Record<string, string>>
}

const statementsOf = ({ batch, count, delivery, from, until }: Rows): ReadonlyArray<string> => {
  const millis = Filling.time(from, until, count)
  const at = `to_timestamp(${millis} / 1000.0)`
  const event = Filling.uuid(`${batch} event`, millis)
  const headers = `json_build_object('content-type', json_build_array('application/json'), 'user-agent',
    json_build_array('bench'), 'x-id', json_build_array(${
    Filling.id(batch)
  }), 'x-signature', json_build_array(md5(n::text)))`
  const numbers = "FROM generate_series($1::int, $2::int) AS n"
  return [
    `INSERT INTO events (
      id, integration_id, dedupe_key, provider_event_id, type, content_type, size, unrouted, received_at
    ) SELECT ${event}, ${integration}, ${Filling.id(batch)}, ${Filling.id(batch)}, 'order.paid', 'application/json',
      1024, false, ${at} ${numbers}`,
    `INSERT INTO event_bodies (event_id, received_at, path, query, headers, body)
     SELECT ${event}, ${at}, '', '', ${headers}, ${Filling.body(batch)} ${numbers}`,
    `INSERT INTO deliveries (
      id, event_id, event_received_at, integration_id, destination_id, ${Object.keys(delivery).join(", ")}
    ) SELECT ${Filling.uuid(`${batch} delivery`, millis)}, ${event}, ${at}, ${integration}, ${destination},
      ${Object.values(delivery).join(", ")} ${numbers}`
  ]
}

const attemptsOf = ({ batch, count, from, until }: Rows): string => {
  const millis = Filling.time(from, until, count)
  return `INSERT INTO attempts (
      delivery_id, generation, number, started_at, duration_ms, outcome, http_status, response_body, recorded_at
    ) SELECT ${Filling.uuid(`${batch} delivery`, millis)}, 1, 1, to_timestamp(${millis} / 1000.0), 12, 'success', 200,
      'ok', to_timestamp(${millis} / 1000.0)
    FROM generate_series($1::int, $2::int) AS n`
}

export const books = (processQueue: (queues: string) => string): Books => ({
  stored: ({ sql }, ids) =>
    sql`
      SELECT dedupe_key AS id FROM unnest(${ids}::text[]) AS sent (id) JOIN events ON dedupe_key = sent.id
      WHERE integration_id = (SELECT id FROM integrations WHERE slug = ${slug})`.pipe(
      Effect.flatMap(Schema.decodeUnknown(Schema.Array(Schema.Struct({ id: Schema.String })))),
      Effect.map((rows) => rows.map(({ id }) => id)),
      Effect.orDie
    ),
  total: ({ sql }) => Filling.countOf(sql, "events"),
  open: ({ sql }) =>
    sql`SELECT count(*)::int AS open FROM (SELECT FROM deliveries WHERE due_at IS NOT NULL LIMIT 1000) AS unfinished`
      .pipe(
        Effect.flatMap(Schema.decodeUnknown(Schema.Tuple(Schema.Struct({ open: Schema.Number })))),
        Effect.map(([{ open }]) => open),
        Effect.orDie
      ),
  grow: Effect.fn("SluiceBooks.grow")(function*({ sql }, count) {
    const until = (yield* Clock.currentTimeMillis) - Duration.toMillis("1 day")
    const from = until - Duration.toMillis(Duration.days(days - 1))
    const rows = {
      batch: "stored",
      count,
      from,
      until,
      delivery: { state: "'delivered'", next_attempt: "2", attempt_count: "1" }
    }
    yield* Effect.orDie(sql.unsafe(pastPartitions))
    yield* Filling.insert({
      sql,
      count,
      bare: ["events", "deliveries"],
      statements: [...statementsOf(rows), attemptsOf(rows)]
    })
  }),
  queue: Effect.fn("SluiceBooks.queue")(function*(place, batch, count) {
    const until = yield* Clock.currentTimeMillis
    yield* Filling.insert({
      sql: place.sql,
      count,
      bare: ["events", "deliveries"],
      statements: statementsOf({
        batch,
        count,
        from: until - Duration.toMillis("1 hour"),
        until,
        delivery: { state: "'queued'", due_at: `to_timestamp(${until} / 1000.0)`, queued_at: "now()" }
      })
    })
    yield* Waiting.publish({
      sql: place.sql,
      rabbitMqUrl: place.ground.rabbitMq.url,
      queue: processQueue(place.queues),
      where: "state = 'queued'",
      messageOf: ({ destinationId, id }) =>
        QueueMessage.encode({
          v: 1,
          deliveryId: DeliveryId.make(id),
          generation: 1,
          attempt: 1,
          destinationId: DestinationId.make(destinationId)
        })
    })
  })
})
