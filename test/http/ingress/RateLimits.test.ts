import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { eventually } from "../../support/Eventually.ts"
import * as Gateway from "../../support/Gateway.ts"
import * as Api from "../Api.ts"

const nowhere = "http://127.0.0.1:9/hook"

const sendAll = (send: (id: string) => Effect.Effect<Gateway.Answer>, ids: ReadonlyArray<string>) =>
  Effect.forEach(ids, (id) => send(id))

// Low enough that none is given back while a test runs: one in thirty, or twenty, seconds.
layer(Api.onTwins({ rateLimitPerMinute: 2 }), Api.live)("the rate limit", (it) => {
  it.effect("answers 429 with the time to wait once the integration's minute is used up", () =>
    Effect.gen(function*() {
      const { send } = yield* Gateway.integration("limited", nowhere, { rateLimitPerMinute: 3 })
      const answers = yield* sendAll(send, ["1", "2", "3", "4"])
      assert.deepStrictEqual(answers.map((_) => _.status), [202, 202, 202, 429])
      const [over] = answers.slice(3)
      Api.failed(over ?? { status: 0, text: "" }, 429, "rate_limited")
      const header = (name: string) => Number(over?.headers.get(name))
      assert.isAtLeast(header("retry-after"), 1)
      assert.isAtMost(header("retry-after"), 20)
      assert.strictEqual(header("ratelimit-limit"), 3)
      assert.strictEqual(header("ratelimit-remaining"), 0)
      assert.isAtLeast(header("ratelimit-reset"), 40)
      assert.isAtMost(header("ratelimit-reset"), 60)
      assert.strictEqual((yield* Api.events("integration=limited")).data.length, 3)
    }))

  it.effect("refuses at once, however long PostgreSQL takes for what came before", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const limited = yield* Gateway.integration("refused-at-once", nowhere, { rateLimitPerMinute: 1 })
      const waiting = yield* Gateway.integration("waiting", nowhere)
      assert.strictEqual((yield* limited.send("1")).status, 202)
      const sent = yield* sql.withTransaction(Effect.gen(function*() {
        yield* sql`LOCK TABLE events IN ACCESS EXCLUSIVE MODE`
        const blocked = Effect.map(
          sql<{ count: number }>`
          SELECT count(*)::int FROM pg_locks WHERE relation = 'events'::regclass AND NOT granted`,
          ([_]) => _?.count
        )
        const first = yield* Effect.fork(waiting.send("1"))
        yield* eventually(blocked, (_) => _ === 1)
        const second = yield* Effect.fork(waiting.send("2"))
        yield* eventually(blocked, (_) => _ === 2)
        // No commit can begin now.
        Api.failed(yield* limited.send("2"), 429, "rate_limited")
        return [first, second]
      }))
      assert.deepStrictEqual((yield* Fiber.joinAll(sent)).map((_) => _.status), [202, 202])
    }))

  it.effect("is the gateway's own where the integration has none, and each has its own budget", () =>
    Effect.gen(function*() {
      const one = yield* Gateway.integration("default-one", nowhere, { rateLimitPerMinute: undefined })
      const other = yield* Gateway.integration("default-other", nowhere, { rateLimitPerMinute: undefined })
      const statuses = yield* Effect.forEach([one, other], ({ send }) => sendAll(send, ["1", "2", "3"]))
      assert.deepStrictEqual(statuses.map((_) => _.map(({ status }) => status)), [[202, 202, 429], [202, 202, 429]])
    }))

  it.effect("is switched off by null, and on again, at once", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const { id, send } = yield* Gateway.integration("unlimited", nowhere)
      const first = yield* sendAll(send, Array.from({ length: 20 }, (_, index) => `${index}`))
      assert.deepStrictEqual([...new Set(first.map((_) => _.status))], [202])
      yield* manage(`/integrations/${id}`, { rateLimitPerMinute: 1 }, "PATCH")
      assert.deepStrictEqual((yield* sendAll(send, ["a", "b"])).map((_) => _.status), [202, 429])
      yield* manage(`/integrations/${id}`, { rateLimitPerMinute: null }, "PATCH")
      assert.strictEqual((yield* send("b")).status, 202)
    }))

  it.effect("counts no webhook that is not believed, so nobody else can use it up", () =>
    Effect.gen(function*() {
      const { call } = yield* Gateway.Gateway
      const { send } = yield* Gateway.integration("attacked", nowhere, { rateLimitPerMinute: 2 })
      for (let forged = 0; forged < 10; forged++) {
        Api.failed(yield* call("/api/v1/webhooks/attacked", { body: `${forged}` }), 401, "signature_invalid")
      }
      assert.deepStrictEqual((yield* sendAll(send, ["1", "2"])).map((_) => _.status), [202, 202])
    }))

  it.effect("refuses nothing that its provider would not send again: that is taken in, and due later", () =>
    Effect.gen(function*() {
      const { call, manage } = yield* Gateway.Gateway
      const sql = yield* SqlClient.SqlClient
      yield* manage("/integrations", {
        slug: "never-again",
        name: "never again",
        provider: "github",
        secrets: [Gateway.secret],
        callbackUrl: nowhere,
        rateLimitPerMinute: 2
      })
      const send = (id: string) =>
        call("/api/v1/webhooks/never-again", {
          body: id,
          headers: { "x-github-delivery": id, "x-hub-signature-256": `sha256=${Api.signature(id)}` }
        })
      assert.deepStrictEqual((yield* sendAll(send, ["1", "2", "3", "4"])).map((_) => _.status), [202, 202, 202, 202])
      const rows = yield* sql<{ wait: number }>`
        SELECT extract(epoch FROM d.due_at - e.received_at)::float8 AS wait
        FROM deliveries d JOIN events e ON e.id = d.event_id JOIN integrations i ON i.id = e.integration_id
        WHERE i.slug = 'never-again' ORDER BY e.dedupe_key`
      const [one, two, three = { wait: 0 }, four = { wait: 0 }] = rows
      for (const early of [one, two]) assert.approximately(early?.wait ?? -1, 0, 5)
      assert.approximately(three.wait, 30, 5)
      assert.approximately(four.wait, 60, 5)
    }))
})
