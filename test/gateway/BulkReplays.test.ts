import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Array, Duration, Effect, Layer, Schema } from "effect"
import { Delivery } from "../../src/domain/Delivery.ts"
import { DestinationId, IntegrationId } from "../../src/domain/Ids.ts"
import { Replay } from "../../src/domain/Replay.ts"
import { EventStore } from "../../src/services/store/EventStore.ts"
import * as Bulk from "../support/Bulk.ts"
import * as Callback from "../support/Callback.ts"
import { eventually } from "../support/Eventually.ts"
import * as Gateway from "../support/Gateway.ts"
import { onEach } from "../support/Gateways.ts"

const many = 1_200
const patience = 60_000

const decodeReplay = Schema.decodeUnknown(Replay, { onExcessProperty: "error" })
const decodeDead = Schema.decodeUnknown(Schema.Struct({ data: Schema.Array(Delivery) }))

/** Requests a replay over the API. */
const requested = Effect.fnUntraced(function*(path: string, body: unknown) {
  const { manage } = yield* Gateway.Gateway
  const answer = yield* manage(path, body)
  assert.strictEqual(answer.status, 202, answer.text)
  return yield* Effect.orDie(decodeReplay(answer.json))
})

const shown = (id: string) =>
  Effect.flatMap(
    Gateway.Gateway,
    ({ manage }) => Effect.flatMap(manage(`/replays/${id}`), ({ json }) => Effect.orDie(decodeReplay(json)))
  )

const completed = (id: string) => eventually(shown(id), (_) => _.status === "completed", patience)

/** So many events of an integration, as if each had been delivered. */
const deliveredOnce = Effect.fnUntraced(function*(source: Gateway.Source, count: number) {
  const sql = yield* SqlClient.SqlClient
  const to = source.destinations.map(({ id }) => ({
    id: DestinationId.make(id),
    integrationId: IntegrationId.make(source.id)
  }))
  return yield* Effect.zipLeft(
    Bulk.received(to, count),
    sql`UPDATE deliveries SET state = 'delivered', due_at = NULL WHERE integration_id = ${source.id}`
  ).pipe(sql.withTransaction)
})

onEach("a bulk replay", (gateway) => {
  // On a machine that is busy no lease must lapse and no attempt be given up: what is delivered is counted.
  const unhurried = { lockTtl: Duration.minutes(1), deliveryTimeout: Duration.minutes(1) }
  layer(Layer.provideMerge(EventStore.layer, gateway(unhurried)), {
    excludeTestServices: true,
    timeout: "30 seconds"
  })((it) => {
    it.scoped(
      "delivers each of many events once more, by the side of new ones",
      () =>
        Effect.gen(function*() {
          const sql = yield* SqlClient.SqlClient
          const callback = yield* Callback.make
          const source = yield* Gateway.integration("replayed-many", callback.url)
          const made = yield* deliveredOnce(source, many)
          const { id, total } = yield* requested("/replays", {
            filter: { integration: "replayed-many" },
            reason: "the callback had lost its data"
          })
          assert.strictEqual(total, many)
          const fresh = yield* Effect.flatMap(source.send("fresh"), Gateway.accepted)
          const replay = yield* completed(id)
          assert.deepInclude<object>(replay, { done: many, skipped: 0, deliveries: many })
          const open = Effect.map(
            sql<{ readonly count: number }>`
              SELECT count(*)::int FROM deliveries WHERE integration_id = ${source.id} AND state <> 'delivered'`,
            ([row]) => row?.count
          )
          yield* eventually(open, (_) => _ === 0, patience)
          const [again, others] = Array.partition(
            callback.received,
            (_) => _.headers["sluice-replay-id"] !== id
          )
          assert.deepStrictEqual(others.map((_) => _.headers["sluice-event-id"]), [fresh.eventId])
          assert.deepStrictEqual(
            again.map((_) => String(_.headers["sluice-event-id"])).toSorted(),
            [...Bulk.eventIds(made)]
          )
          const generations = yield* sql`
            SELECT generation, count(*)::int FROM deliveries WHERE integration_id = ${source.id}
            GROUP BY generation ORDER BY generation`
          assert.deepStrictEqual([...generations], [{ generation: 1, count: 1 }, { generation: 2, count: many }])
        }),
      { timeout: 120_000 }
    )

    it.scoped(
      "with a rate comes to the callback no faster, and stops when it is cancelled",
      () =>
        Effect.gen(function*() {
          const { manage } = yield* Gateway.Gateway
          const callback = yield* Callback.make
          const source = yield* Gateway.integration("replayed-slowly", callback.url)
          yield* deliveredOnce(source, 200)
          const { id } = yield* requested("/replays", {
            filter: { integration: "replayed-slowly" },
            reason: "gently",
            ratePerSecond: 20
          })
          const received = yield* callback.awaitReceived(41)
          assert.isAtLeast((received[40]?.at ?? 0) - (received[0]?.at ?? 0), 1_500)
          yield* manage(`/replays/${id}/cancel`, undefined, "POST")
          const { done, status } = yield* shown(id)
          assert.strictEqual(status, "cancelled")
          assert.isBelow(done, 200)
          yield* eventually(Effect.sync(() => callback.received.length), (_) => _ === done)
        }),
      { timeout: 60_000 }
    )

    it.scoped("of dead deliveries gives them a fresh budget, and leaves no dead letter behind", () =>
      Effect.gen(function*() {
        const { manage } = yield* Gateway.Gateway
        const callback = yield* Callback.make
        yield* callback.answer(Callback.status(500))
        const source = yield* Gateway.integration("replayed-dead", callback.url)
        const events = yield* Effect.forEach(["a", "b", "c"], (_) => Effect.flatMap(source.send(_), Gateway.accepted))
        const dead = Effect.flatMap(
          manage("/dead-letters?integration=replayed-dead"),
          ({ json }) => Effect.orDie(decodeDead(json))
        )
        const { data } = yield* eventually(dead, (_) => _.data.length === 3)
        assert.sameMembers(data.map((_) => _.eventId as string), events.map((_) => _.eventId))

        yield* callback.answer(Callback.status(200))
        const { id } = yield* requested("/dead-letters/replay", {
          filter: { integration: "replayed-dead" },
          reason: "the callback was mended"
        })
        assert.deepInclude<object>(yield* completed(id), { total: 3, done: 3 })
        yield* Effect.forEach(
          events,
          ({ eventId }) => eventually(Gateway.event(eventId), (_) => _.status === "delivered")
        )
        assert.deepStrictEqual((yield* dead).data, [])
      }))
  })
})
