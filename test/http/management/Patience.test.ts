// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Array, Deferred, Duration, Effect, Fiber, Ref } from "effect"
import { inject } from "vitest"
import { eventually } from "../../support/Eventually.ts"
import * as Gateway from "../../support/Gateway.ts"
import { clientOf } from "../../support/TestDatabase.ts"
import * as Api from "../Api.ts"

const manageWithin = Duration.seconds(4)

/** Keeps a table from everybody until it is interrupted. */
const lock = Effect.fnUntraced(function*(table: string) {
  const sql = yield* SqlClient.SqlClient
  const [database] = yield* sql<{ name: string }>`SELECT current_database() AS name`
  const url = new URL(inject("postgresUrl"))
  url.pathname = `/${database?.name}`
  const locked = yield* Deferred.make<void>()
  const holder = yield* Effect.flatMap(SqlClient.SqlClient, (other) =>
    other.withTransaction(
      Effect.zipRight(
        other.unsafe(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`),
        Effect.zipRight(Deferred.succeed(locked, undefined), Effect.never)
      )
    )).pipe(Effect.provide(clientOf(url.href, 1)), Effect.forkScoped)
  yield* Deferred.await(locked)
  return { unlock: Fiber.interrupt(holder) }
})

/** Statements of the gateway that wait for a lock. */
const waiting = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  Effect.map(
    sql<{ count: number }>`
      SELECT count(*)::int FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    ([row]) => row?.count
  ))

layer(Api.onTwins({ manageWithin }), Api.live)("slow management calls", (it) => {
  it.scoped("are given up with 503 and cancelled in the database, and webhooks do not wait for them", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const { send } = yield* Gateway.integration("patient", "http://127.0.0.1:9/hook")
      assert.strictEqual((yield* send("known")).status, 202)
      const { unlock } = yield* lock("integrations")
      const answered = yield* Ref.make(0)
      const list = Effect.zipLeft(Effect.timed(manage("/integrations")), Ref.update(answered, (count) => count + 1))
      const lists = yield* Effect.fork(Effect.forEach(Array.range(1, 30), () => list, { concurrency: "unbounded" }))
      yield* eventually(waiting, (count = 0) => count >= 4)
      for (const id of ["1", "2", "3"]) assert.strictEqual((yield* send(id)).status, 202)
      assert.deepStrictEqual([yield* Ref.get(answered), yield* waiting], [0, 4])
      for (const [time, answer] of yield* Fiber.join(lists)) {
        const { message } = Api.failed(answer, 503, "unavailable")
        assert.include(message, "Ask for less")
        assert.isAtLeast(Number(answer.headers.get("retry-after")), 1)
        assert.isTrue(Duration.lessThan(time, Duration.times(manageWithin, 2)), Duration.format(time))
      }
      yield* eventually(waiting, (_) => _ === 0)
      yield* unlock
      assert.strictEqual((yield* manage("/integrations")).status, 200)
    }))
})
