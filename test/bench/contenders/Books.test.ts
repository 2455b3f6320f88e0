// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { byHand } from "../../../bench/contenders/ByHand.ts"
import { slug } from "../../../bench/contenders/Contender.ts"
import { sluice } from "../../../bench/contenders/Sluice.ts"
import * as Ids from "../../../bench/wire/Ids.ts"
import { doctor, found, watchTwin } from "../../support/Examined.ts"
import * as Gateway from "../../support/Gateway.ts"
import { onTwins } from "../../support/Gateways.ts"
import { acquireDatabase, clientOf } from "../../support/TestDatabase.ts"

const count = 50
const ids = Array.from({ length: count }, (_, index) => Ids.make("stored", index + 1))

const Counts = Schema.Struct({ events: Schema.Int, attempts: Schema.Int, delivered: Schema.Int })

/** How many of everything stand in the tables. */
const counted = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
    SELECT (SELECT count(*)::int FROM events) AS events, (SELECT count(*)::int FROM attempts) AS attempts,
      (SELECT count(*)::int FROM deliveries WHERE state = 'delivered') AS delivered`).pipe(
    Effect.flatMap(Schema.decodeUnknown(Schema.Tuple(Counts))),
    Effect.map(([counts]) => counts)
  )

const indexes = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) => sql`SELECT indexdef FROM pg_indexes WHERE tablename IN ('events', 'deliveries', 'attempts') ORDER BY 1`
)

const filled = { events: count, attempts: count, delivered: count }

describe("this gateway's database", () => {
  layer(doctor().pipe(Layer.provide(watchTwin), Layer.provideMerge(onTwins())), {
    excludeTestServices: true,
    timeout: "30 seconds"
  })((it) => {
    it.effect("grows by what the gateway itself might have left, and keeps its indexes", () =>
      Effect.gen(function*() {
        yield* Gateway.integration(slug, "http://127.0.0.1:1/hook")
        const sql = yield* SqlClient.SqlClient
        const before = yield* indexes
        yield* sluice.books.grow({ sql }, count)
        assert.deepStrictEqual(yield* counted, filled)
        assert.deepStrictEqual(yield* indexes, before)
        assert.deepStrictEqual(yield* found, [])
        assert.strictEqual(yield* sluice.books.open({ sql }), 0)
        assert.strictEqual(yield* sluice.books.total({ sql }), count)
        assert.deepStrictEqual(
          new Set(yield* sluice.books.stored({ sql }, [...ids, Ids.make("stored", count + 1)])),
          new Set(ids)
        )
        assert.deepStrictEqual(yield* sluice.books.stored({ sql }, [Ids.make("store", 1)]), [])
      }))
  })
})

describe("the hand-written gateway's database", () => {
  it.scopedLive("is made, filled and asked", () =>
    Effect.flatMap(acquireDatabase("template1"), (url) =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* byHand.prepare({ sql, url })
        yield* sql.unsafe(`
          INSERT INTO sources VALUES ('00000000-0000-0000-0000-000000000001', '${slug}', 'secret');
          INSERT INTO destinations VALUES ('00000000-0000-0000-0000-000000000002',
            '00000000-0000-0000-0000-000000000001', 'http://127.0.0.1:1/hook', 'secret')`)
        const before = yield* indexes
        yield* byHand.books.grow({ sql }, count)
        assert.deepStrictEqual(yield* counted, filled)
        assert.deepStrictEqual(yield* indexes, before)
        assert.strictEqual(yield* byHand.books.open({ sql }), 0)
        assert.strictEqual(yield* byHand.books.total({ sql }), count)
        assert.deepStrictEqual(new Set(yield* byHand.books.stored({ sql }, ids)), new Set(ids))
      }).pipe(Effect.provide(clientOf(url)))))
})
