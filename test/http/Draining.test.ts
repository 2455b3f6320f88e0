// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { eventually } from "../support/Eventually.ts"
import * as Gateway from "../support/Gateway.ts"
import * as Grounds from "../support/Grounds.ts"
import { TestDatabase } from "../support/TestDatabase.ts"
import * as Api from "./Api.ts"

layer(Layer.merge(Grounds.twins(Grounds.settings()), TestDatabase), Api.live)("a gateway that is closed", (it) => {
  it.scoped("still accepts the webhook that it has in hand", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
      const gateway = yield* Layer.buildWithScope(Gateway.api, scope)
      const { send } = yield* Effect.provide(Gateway.integration("in-hand", "http://127.0.0.1:9/hook"), gateway)
      const locked = yield* Deferred.make<void>()
      const unlock = yield* Deferred.make<void>()
      // Nothing can be stored while another transaction has the table.
      const lock = yield* sql`LOCK TABLE events IN ACCESS EXCLUSIVE MODE`.pipe(
        Effect.zipRight(Deferred.succeed(locked, undefined)),
        Effect.zipRight(Deferred.await(unlock)),
        sql.withTransaction,
        Effect.fork
      )
      yield* Deferred.await(locked)
      const sent = yield* Effect.fork(send("one"))
      const waiting = sql`SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'events'::regclass`
      yield* eventually(waiting, (_) => _.length > 0)

      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      const { base } = yield* Effect.provide(Gateway.Gateway, gateway)
      yield* eventually(Effect.promise(() => fetch(base).then(() => false, () => true)), (_) => _)
      yield* Deferred.succeed(unlock, undefined)
      yield* Fiber.join(lock)
      const answer = yield* Fiber.join(sent)
      assert.strictEqual(answer.status, 202, answer.text)
      yield* Fiber.join(closing)
      assert.strictEqual((yield* sql`SELECT id FROM events`).length, 1)
      // Its delivery was queued too, before the broker's connection would have been closed.
      const states = yield* sql<{ state: string }>`SELECT state FROM deliveries`
      assert.deepStrictEqual(states.map((_) => _.state), ["queued"])
    }))
})
