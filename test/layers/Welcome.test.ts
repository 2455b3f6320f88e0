// @effect-diagnostics strictEffectProvide:off
import * as HttpServer from "@effect/platform/HttpServer"
import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import * as Services from "../../src/layers/Services.ts"
import * as Welcome from "../../src/layers/Welcome.ts"
import { Demo } from "../../src/services/Demo.ts"
import { Integrations } from "../../src/services/Integrations.ts"
import { eventually } from "../support/Eventually.ts"
import * as Grounds from "../support/Grounds.ts"
import { TestDatabase } from "../support/TestDatabase.ts"

const server = Layer.succeed(
  HttpServer.HttpServer,
  HttpServer.make({
    serve: () => Effect.void,
    address: { _tag: "TcpAddress", hostname: "127.0.0.1", port: 3000 }
  })
)

const ground = Demo.layer.pipe(
  Layer.provideMerge(Services.api),
  Layer.provideMerge(Layer.mergeAll(server, Grounds.twins(Grounds.settings()), TestDatabase))
)

const greeting = Welcome.greeting({ managementKeyFile: Option.none(), data: Option.none() })
const sink = "http://127.0.0.1:3000/api/v1/internal/delivery-sink/demo"

layer(ground, { excludeTestServices: true, timeout: "30 seconds" })("the welcome", (it) => {
  const callback = Effect.gen(function*() {
    const { destinations } = yield* (yield* Integrations).get("demo")
    return destinations[0]?.url
  })

  it.effect("shows a webhook to try, and points the demo at where the sink is now", () =>
    Effect.gen(function*() {
      assert.include(yield* greeting, "curl -X POST http://localhost:3000/api/v1/webhooks/demo")
      const sql = yield* SqlClient.SqlClient
      yield* sql`UPDATE destinations SET url = ${sink.replace("3000", "3001")}`
      yield* greeting
      assert.strictEqual(yield* callback, sink)
    }))

  it.effect("leaves the demo's callback alone where somebody has given it another", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`UPDATE destinations SET url = 'http://127.0.0.1:9/hook'`
      yield* greeting
      assert.strictEqual(yield* callback, "http://127.0.0.1:9/hook")
    }))

  it.effect("says why there is no webhook to try where the demo is disabled, and does not end the gateway", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`UPDATE integrations SET status = 'disabled'`
      const text = yield* eventually(greeting, (_) => _.includes("is disabled or has no valid secret"))
      assert.include(text, "Sluice is ready.")
      assert.notInclude(text, "curl")
    }))

  it.effect("does not make the demo anew that somebody has deleted", () =>
    Effect.gen(function*() {
      const { get, remove } = yield* Integrations
      yield* remove("operator", (yield* get("demo")).id)
      assert.include(yield* greeting, "was deleted; npm run db:seed makes it anew")
      assert.strictEqual((yield* Effect.flip(get("demo")))._tag, "NotFound")
    }))
})
