// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Array, Effect, Redacted, Schema } from "effect"
import { Replay } from "../../src/domain/Replay.ts"
import * as Callback from "../support/Callback.ts"
import { eventually } from "../support/Eventually.ts"
import * as Gateway from "../support/Gateway.ts"
import * as Grounds from "../support/Grounds.ts"
import * as Roles from "../support/Roles.ts"
import { clientOf } from "../support/TestDatabase.ts"
import { untilAccepted } from "./Sender.ts"

const count = 300
const ratePerSecond = 100
const patience = 60_000

const decode = Schema.decodeUnknown(Replay)

describe.runIf(Grounds.realServers)("kill -9 in the middle of a bulk replay", () => {
  it.scopedLive(
    "twice leaves each of its deliveries made once in its new generation, and the replay completed",
    () =>
      Effect.gen(function*() {
        const { api, base, databaseUrl, worker } = yield* Roles.make()
        yield* Effect.all([api.start, worker.start])
        yield* Effect.gen(function*() {
          const { manage } = yield* Gateway.Gateway
          const sql = yield* SqlClient.SqlClient
          const callback = yield* Callback.make
          const { send } = yield* Gateway.integration("replayed", callback.url)
          yield* Effect.forEach(Array.range(1, count), (index) => untilAccepted(send(`webhook-${index}`)), {
            concurrency: 20
          })
          const open = Effect.map(
            sql<{ readonly count: number }>`SELECT count(*)::int FROM deliveries WHERE state <> 'delivered'`,
            ([row]) => row?.count
          )
          yield* eventually(open, (_) => _ === 0, patience)
          const before = callback.received.length

          // Paused, it has nothing in flight when a worker dies: whatever is made twice then, the replay has made twice.
          const { destinations } = yield* Effect.orDie(
            decodeIntegration((yield* manage("/integrations/replayed")).json)
          )
          const destination = destinations[0]?.id ?? ""
          yield* manage(`/destinations/${destination}/pause`, {})
          const { id } = yield* Effect.flatMap(
            manage("/replays", { filter: { integration: "replayed" }, reason: "a test", ratePerSecond }),
            ({ json }) => Effect.orDie(decode(json))
          )
          const replay = Effect.flatMap(manage(`/replays/${id}`), ({ json }) => Effect.orDie(decode(json)))
          for (const done of [1, ratePerSecond + 1]) {
            yield* eventually(replay, (_) => _.done >= done, patience)
            yield* worker.signal("SIGKILL")
            assert.isNull(yield* worker.exit)
            yield* worker.start
          }
          const completed = yield* eventually(replay, (_) => _.status === "completed", patience)
          assert.deepInclude<object>(completed, { total: count, done: count, skipped: 0, deliveries: count })
          yield* manage(`/destinations/${destination}/resume`, {})
          yield* eventually(open, (_) => _ === 0, patience)

          const again = callback.received.slice(before)
          assert.deepStrictEqual([...new Set(again.map((_) => _.headers["sluice-replay-id"]))], [id])
          assert.strictEqual(new Set(again.map((_) => _.headers["sluice-event-id"])).size, count)
          assert.strictEqual(again.length, count)
          const generations = yield* sql`SELECT generation, count(*)::int FROM deliveries GROUP BY generation`
          assert.deepStrictEqual([...generations], [{ generation: 2, count }])
        }).pipe(
          Effect.provideService(Gateway.Gateway, Gateway.at(base)),
          Effect.provide(clientOf(Redacted.value(databaseUrl), 2))
        )
      }),
    { timeout: 180_000 }
  )
})

const decodeIntegration = Schema.decodeUnknown(
  Schema.Struct({ destinations: Schema.Array(Schema.Struct({ id: Schema.String })) })
)
