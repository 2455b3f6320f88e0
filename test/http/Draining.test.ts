// @effect-diagnostics strictEffectProvide:off
import * as HttpServer from "@effect/platform/HttpServer"
import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { Agent, get } from "node:http"
import * as Roles from "../../src/layers/Api.ts"
import { eventually } from "../support/Eventually.ts"
import * as Gateway from "../support/Gateway.ts"
import * as Grounds from "../support/Grounds.ts"
import * as LockedTable from "../support/LockedTable.ts"
import { TestDatabase } from "../support/TestDatabase.ts"
import * as Api from "./Api.ts"

layer(Layer.merge(Grounds.twins(Grounds.settings()), TestDatabase), Api.live)("a gateway that is closed", (it) => {
  it.scoped("still accepts the webhook that it has in hand", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
      const gateway = yield* Layer.buildWithScope(Gateway.api, scope)
      const { send } = yield* Effect.provide(Gateway.integration("in-hand", "http://127.0.0.1:9/hook"), gateway)
      // Nothing can be stored while another transaction has the table.
      const { unlock, waiting } = yield* LockedTable.lock("events")
      const sent = yield* Effect.fork(send("one"))
      yield* eventually(waiting, (_) => _ > 0)

      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      const { base } = yield* Effect.provide(Gateway.Gateway, gateway)
      yield* eventually(Effect.promise(() => fetch(base).then(() => false, () => true)), (_) => _)
      yield* unlock
      const answer = yield* Fiber.join(sent)
      assert.strictEqual(answer.status, 202, answer.text)
      yield* Fiber.join(closing)
      assert.strictEqual((yield* sql`SELECT id FROM events`).length, 1)
      // Its delivery was queued too, before the broker's connection would have been closed.
      const states = yield* sql<{ state: string }>`SELECT state FROM deliveries`
      assert.deepStrictEqual(states.map((_) => _.state), ["queued"])
    }))
  it.scoped("answers for a moment what still comes on its connections, and ends each with its answer", () =>
    Effect.gen(function*() {
      const scope = yield* Effect.acquireRelease(Scope.make(), (scope) => Scope.close(scope, Exit.void))
      const program = yield* Layer.buildWithScope(Roles.http({ host: "127.0.0.1", port: 0 }), scope)
      const { address } = Context.get(program, HttpServer.HttpServer)
      const agent = yield* Effect.acquireRelease(
        Effect.sync(() => new Agent({ keepAlive: true, maxSockets: 1 })),
        (agent) => Effect.sync(() => agent.destroy())
      )
      const ask = Effect.async<{ readonly status: number | undefined; readonly connection: string | undefined }>(
        (resume) => {
          const port = address._tag === "TcpAddress" ? address.port : 0
          get({ agent, port, host: "127.0.0.1", path: "/api/v1/health/live" }, (response) => {
            response.resume().once(
              "end",
              () => resume(Effect.succeed({ status: response.statusCode, connection: response.headers.connection }))
            )
          }).once("error", (error) => resume(Effect.die(error)))
        }
      )
      assert.deepStrictEqual(yield* ask, { status: 200, connection: "keep-alive" })
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      const last = yield* eventually(ask, ({ connection }) => connection === "close")
      assert.strictEqual(last.status, 200)
      yield* Fiber.join(closing)
    }))
})
