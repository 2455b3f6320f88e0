import { SqlClient, type SqlError } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, Option, Schema } from "effect"
import * as DeliveryList from "../../../src/services/store/DeliveryList.ts"
import * as EventList from "../../../src/services/store/EventList.ts"
import * as Search from "../../../src/services/store/Search.ts"
import * as ManyEvents from "../../support/ManyEvents.ts"
import { TestDatabase } from "../../support/TestDatabase.ts"
import * as Queries from "./Queries.ts"

const count = 160
// So small that most pages end by it; and larger than what is due, which is then looked through.
const [small, large] = [7, 31]
const limit = 10

const Row = Schema.Struct({ id: Schema.String })

/** All pages of a list, each of which looks at few rows. */
const pages = Effect.fnUntraced(function*(
  searchFrom: (before: Option.Option<string>) => Effect.Effect<Search.Search, SqlError.SqlError>
) {
  const sql = yield* SqlClient.SqlClient
  const run = Search.make(sql, Row)
  const ids: Array<string> = []
  let before = Option.none<string>()
  for (let page = 0; page < count; page++) {
    const { found, reached } = yield* run(searchFrom(before))
    ids.push(...found.map((_) => _.id))
    assert.isFalse(found.length === limit && Option.isSome(reached), "a full page goes on from its own end")
    before = found.length === limit ? Option.fromNullable(found.at(-1)?.id) : reached
    if (Option.isNone(before)) return ids
  }
  return yield* Effect.dieMessage("the list does not end")
})

/** What the rows themselves say of each, with what a list is asked for by. */
const Known = Schema.Struct({
  id: Schema.String,
  integrationId: Schema.String,
  destinationId: Schema.NullOr(Schema.String),
  type: Schema.NullOr(Schema.String),
  dedupeKey: Schema.NullOr(Schema.String),
  status: Schema.String,
  receivedAt: Schema.Number
})
type Known = typeof Known.Type

const decode = Schema.decodeUnknown(Schema.Array(Known))

const matches = (asked: Option.Option<string>, value: string | null) => Option.getOrElse(asked, () => value) === value

layer(TestDatabase, { excludeTestServices: true, timeout: "60 seconds" })("the pages of a list", (it) => {
  it.effect(
    "of events hold what matches, once, the newest first, for every combination of filters",
    () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* ManyEvents.fill(count)
        const known = yield* Effect.flatMap(
          sql`
          SELECT e.id, integration_id AS "integrationId", NULL AS "destinationId", type, dedupe_key AS "dedupeKey",
            (extract(epoch FROM received_at) * 1000)::float8 AS "receivedAt", CASE
              WHEN NOT EXISTS (SELECT FROM deliveries WHERE event_id = e.id) THEN 'unrouted'
              WHEN EXISTS (SELECT FROM deliveries WHERE event_id = e.id AND state = 'dead') THEN 'failed'
              WHEN NOT EXISTS (SELECT FROM deliveries WHERE event_id = e.id AND state <> 'cancelled') THEN 'failed'
              WHEN NOT EXISTS (
                SELECT FROM deliveries WHERE event_id = e.id AND state NOT IN ('delivered', 'cancelled')
              ) THEN 'delivered'
              WHEN EXISTS (
                SELECT FROM deliveries WHERE event_id = e.id AND (attempt_count > 0 OR state = 'delivering')
              ) THEN 'delivering'
              ELSE 'pending'
            END AS status
          FROM events e ORDER BY e.id DESC`,
          decode
        )
        for (const query of Queries.events(count, limit)) {
          const wanted = known.filter((_) =>
            matches(query.integrationId, _.integrationId) && matches(query.type, _.type) &&
            matches(query.status, _.status) && matches(query.dedupeKey, _.dedupeKey) &&
            Option.match(query.from, { onNone: () => true, onSome: (from) => _.receivedAt >= from.epochMillis }) &&
            Option.match(query.to, { onNone: () => true, onSome: (to) => _.receivedAt < to.epochMillis })
          )
          for (const window of Queries.dependsOnDue(query) ? [small, large] : [small]) {
            const found = yield* pages((before) => EventList.search(sql, { ...query, before }, window))
            assert.deepStrictEqual(found, wanted.map((_) => _.id), Queries.told(query))
          }
        }
      }),
    60_000
  )

  it.effect("of deliveries do so too", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const known = yield* Effect.flatMap(
        sql`
          SELECT id, integration_id AS "integrationId", destination_id AS "destinationId", NULL AS type,
            NULL AS "dedupeKey", 0::float8 AS "receivedAt", state AS status
          FROM deliveries ORDER BY id DESC`,
        decode
      )
      const wantedBy = (query: DeliveryList.DeliveryQuery) => (_: Known) =>
        matches(query.integrationId, _.integrationId) && matches(query.destinationId, _.destinationId) &&
        matches(query.status, _.status)
      for (const query of Queries.deliveries(limit)) {
        const found = yield* pages((before) => Effect.succeed(DeliveryList.search(sql, { ...query, before }, small)))
        assert.deepStrictEqual(found, known.filter(wantedBy(query)).map((_) => _.id), Queries.told(query))
      }
    }), 60_000)
})
