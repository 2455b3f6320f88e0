// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Array, Effect, Fiber, Redacted } from "effect"
import * as Callback from "../support/Callback.ts"
import { eventually } from "../support/Eventually.ts"
import * as Gateway from "../support/Gateway.ts"
import * as Grounds from "../support/Grounds.ts"
import * as Roles from "../support/Roles.ts"
import { clientOf } from "../support/TestDatabase.ts"
import { untilAccepted } from "./Sender.ts"

const count = 1_000

describe.runIf(Grounds.realServers)("kill -9", () => {
  it.scopedLive(
    "of either role in the middle of a thousand webhooks leaves every accepted one delivered",
    () =>
      Effect.gen(function*() {
        const { api, base, databaseUrl, worker } = yield* Roles.make()
        yield* Effect.all([api.start, worker.start])
        yield* Effect.gen(function*() {
          const sql = yield* SqlClient.SqlClient
          const callback = yield* Callback.make
          yield* callback.answer((response) => void setTimeout(() => response.writeHead(200).end(), 20))
          const { send } = yield* Gateway.integration("killed", callback.url)
          const accepted = new Set<string>()
          const sending = yield* Effect.fork(Effect.forEach(
            Array.range(1, count),
            (index) =>
              Effect.flatMap(
                untilAccepted(send(`webhook-${index}`)),
                (answer) => Effect.map(Gateway.accepted(answer), ({ eventId }) => accepted.add(eventId))
              ),
            { concurrency: 20 }
          ))
          const reached = (share: number) =>
            eventually(Effect.sync(() => accepted.size), (size) => size >= share * count)
          yield* reached(0.2)
          yield* worker.signal("SIGKILL")
          yield* reached(0.4)
          yield* api.signal("SIGKILL")
          yield* Effect.all([api.start, worker.start])
          yield* reached(0.7)
          yield* worker.signal("SIGKILL")
          yield* worker.start
          yield* Fiber.join(sending)

          const open = Effect.map(
            sql<{ count: number }>`SELECT count(*)::int FROM deliveries WHERE state <> 'delivered'`,
            ([row]) => row?.count
          )
          yield* eventually(open, (_) => _ === 0, 60_000)
          const [stored] = yield* sql<{ count: number }>`SELECT count(*)::int FROM events`
          assert.strictEqual(stored?.count, count)
          const delivered = new Set(callback.received.map((_) => _.headers["sluice-event-id"]))
          assert.deepStrictEqual([...accepted].filter((id) => !delivered.has(id)), [])
        }).pipe(
          Effect.provideService(Gateway.Gateway, Gateway.at(base)),
          Effect.provide(clientOf(Redacted.value(databaseUrl), 2))
        )
      }),
    { timeout: 120_000 }
  )
})
