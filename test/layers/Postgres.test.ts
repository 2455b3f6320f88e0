// @effect-diagnostics strictEffectProvide:off
import { SqlClient, type SqlError } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Duration, Effect, Either, Exit, Fiber, Redacted } from "effect"
import { readdirSync } from "node:fs"
import { inject } from "vitest"
import * as Postgres from "../../src/layers/Postgres.ts"
import { eventually } from "../support/Eventually.ts"
import * as Proxy from "../support/Proxy.ts"
import * as Port from "../support/servers/Port.ts"
import * as SystemPostgres from "../support/servers/SystemPostgres.ts"
import { acquireDatabase } from "../support/TestDatabase.ts"

const client = (url: string, { maxConnections = 3, unhurried = false } = {}) =>
  Postgres.layer({ url: Redacted.make(url), applicationName: "sluice-of-the-tests", maxConnections, unhurried })

const answer = Effect.flatMap(SqlClient.SqlClient, (sql) => sql<{ answer: number }>`SELECT 42 AS answer`)

/** Waits until statements succeed. */
const recovery = eventually(Effect.either(answer), Either.isRight)

/** A way to the server of this run that can be cut. */
const byProxy = Effect.gen(function*() {
  const url = new URL(inject("postgresUrl"))
  const proxy = yield* Proxy.make(Number(url.port))
  url.port = String(proxy.port)
  return { proxy, url: url.href }
})

describe("the pool of PostgreSQL", () => {
  it.scopedLive("needs no server to start, and fails typed without one", () =>
    Effect.gen(function*() {
      const port = yield* Port.free
      yield* Effect.gen(function*() {
        const [time, error] = yield* Effect.timed(Effect.flip(answer))
        assert.strictEqual((error satisfies SqlError.SqlError)._tag, "SqlError")
        assert.isTrue(Duration.lessThan(time, "4 seconds"))
      }).pipe(Effect.provide(client(`postgres://postgres@127.0.0.1:${port}/postgres`)))
    }))

  it.scopedLive("fails typed when nobody answers where the server should be", () =>
    Effect.gen(function*() {
      const { proxy, url } = yield* byProxy
      yield* Effect.gen(function*() {
        yield* proxy.hold
        assert.strictEqual((yield* Effect.flip(answer))._tag, "SqlError")
        yield* proxy.release
        assert.deepStrictEqual(yield* answer, [{ answer: 42 }])
      }).pipe(Effect.provide(client(url)))
    }))

  it.scopedLive("finds the server that writes, once a connection says that its own does not", () =>
    Effect.gen(function*() {
      const url = yield* acquireDatabase("template1")
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const write = sql`CREATE TABLE written ()`
        const name = new URL(url).pathname.slice(1)
        yield* sql`ALTER DATABASE ${sql(name)} SET default_transaction_read_only = on`
        yield* sql`SELECT pg_terminate_backend(pg_backend_pid())`.pipe(Effect.ignore)
        assert.strictEqual((yield* Effect.flip(write))._tag, "SqlError")
        yield* sql`
          SET TRANSACTION READ WRITE`.pipe(
          Effect.zipRight(sql`ALTER DATABASE ${sql(name)} RESET default_transaction_read_only`),
          sql.withTransaction,
          // The connection may be lent once more before it is gone.
          Effect.retry({ times: 1 })
        )
        yield* Effect.retry(write, { times: 2 })
      }).pipe(Effect.provide(client(url, { maxConnections: 1 })))
    }))

  it.scopedLive("recovers from lost connections: no more statements fail than there were connections", () =>
    Effect.gen(function*() {
      const { proxy, url } = yield* byProxy
      yield* Effect.gen(function*() {
        yield* Effect.all([answer, answer, answer], { concurrency: "unbounded" })
        assert.strictEqual(yield* proxy.open, 3)
        yield* proxy.cut
        assert.deepStrictEqual(yield* Effect.retry(answer, { times: 3 }), [{ answer: 42 }])
      }).pipe(Effect.provide(client(url)))
    }))

  it.scopedLive("fails the statement whose connection is cut under it, and goes on with the next one", () =>
    Effect.gen(function*() {
      const { proxy, url } = yield* byProxy
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const [backend] = yield* sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`
        const waiting = yield* Effect.fork(Effect.flip(sql`SELECT pg_sleep(30)`))
        yield* Effect.provide(asleep(backend?.pid ?? 0), client(inject("postgresUrl")))
        yield* proxy.cut
        assert.strictEqual((yield* waiting)._tag, "SqlError")
        assert.deepStrictEqual(yield* Effect.retry(answer, { times: 1 }), [{ answer: 42 }])
      }).pipe(Effect.provide(client(url, { maxConnections: 1 })))
    }))

  it.scopedLive("undoes the transaction whose connection is cut under it, and says that it failed", () =>
    Effect.gen(function*() {
      const { proxy, url } = yield* byProxy
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const table = sql(`cut_${process.pid}_${proxy.port}`)
        yield* Effect.acquireRelease(
          sql`CREATE TABLE ${table} (n INTEGER)`,
          () => Effect.orDie(sql`DROP TABLE ${table}`)
        )
        const begun = yield* Deferred.make<void>()
        const cut = yield* Deferred.make<void>()
        const transaction = yield* sql`INSERT INTO ${table} VALUES (1)`.pipe(
          Effect.zipRight(Deferred.succeed(begun, undefined)),
          Effect.zipRight(Deferred.await(cut)),
          Effect.zipRight(sql`INSERT INTO ${table} VALUES (2)`),
          sql.withTransaction,
          Effect.exit,
          Effect.fork
        )
        yield* Deferred.await(begun)
        yield* proxy.cut
        yield* Deferred.succeed(cut, undefined)
        const exit = yield* transaction
        assert.isTrue(Exit.isFailure(exit))
        assert.isFalse(Exit.isFailure(exit) && Cause.isInterrupted(exit.cause))
        assert.deepStrictEqual(yield* sql`SELECT n FROM ${table}`, [])
      }).pipe(Effect.scoped, Effect.provide(client(url)))
    }))

  it.scopedLive("cancels on the server what is interrupted here", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const marker = `cancelled ${process.pid}`
      const running = sql<{ pid: number }>`
        SELECT pid FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()
        AND query LIKE ${`%${marker}%`}`
      const waiting = yield* Effect.fork(sql.unsafe(`SELECT pg_sleep(60) /* ${marker} */`))
      yield* eventually(running, (_) => _.length === 1)
      yield* Fiber.interrupt(waiting)
      yield* eventually(running, (_) => _.length === 0)
    }).pipe(Effect.provide(client(inject("postgresUrl")))))

  it.scopedLive(
    "lends no connection whose statement was interrupted while the server was silent",
    () =>
      Effect.gen(function*() {
        const { proxy, url } = yield* byProxy
        yield* Effect.gen(function*() {
          yield* answer
          yield* proxy.lose
          const lost = yield* Effect.fork(answer)
          // The statement is on its way before it is interrupted, and the way to cancel it is closed as well.
          yield* Effect.sleep("50 millis")
          yield* proxy.hold
          yield* Fiber.interrupt(lost)
          yield* proxy.release
          const [time, rows] = yield* Effect.timed(answer)
          assert.deepStrictEqual(rows, [{ answer: 42 }])
          assert.isTrue(Duration.lessThan(time, "2 seconds"), Duration.format(time))
        }).pipe(Effect.provide(client(url)))
      }),
    30_000
  )

  it.scopedLive("shows its name to the server, and bounds statements unless they are unhurried", () =>
    Effect.gen(function*() {
      const shown = Effect.flatMap(
        SqlClient.SqlClient,
        (sql) =>
          sql`SELECT current_setting('application_name') AS name, current_setting('statement_timeout') AS timeout`
      )
      const url = inject("postgresUrl")
      assert.deepStrictEqual(yield* Effect.provide(shown, client(url)), [
        { name: "sluice-of-the-tests", timeout: "15s" }
      ])
      assert.deepStrictEqual(yield* Effect.provide(shown, client(url, { unhurried: true })), [
        { name: "sluice-of-the-tests", timeout: "0" }
      ])
    }))

  it.scopedLive("has no more connections than it may, and none after its end", () =>
    Effect.gen(function*() {
      const { proxy, url } = yield* byProxy
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const slow = Effect.zipRight(sql`SELECT pg_sleep(0.05)`, proxy.open)
        const open = yield* Effect.all(Array.from({ length: 20 }, () => slow), { concurrency: "unbounded" })
        assert.strictEqual(Math.max(...open), 3)
      }).pipe(Effect.provide(client(url)))
      yield* eventually(proxy.open, (_) => _ === 0)
    }))
})

const asleep = (pid: number) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const state = sql<{ wait: string }>`SELECT wait_event AS wait FROM pg_stat_activity WHERE pid = ${pid}`
    yield* eventually(state, ([_]) => _?.wait === "PgSleep")
  })

const installed = Either.isRight(Either.try(() => readdirSync("/usr/lib/postgresql")))

describe.runIf(installed)("the pool of a PostgreSQL that comes and goes", () => {
  it.scopedLive("works when the server comes, and again when it comes back", () =>
    Effect.gen(function*() {
      const server = yield* SystemPostgres.start({ durable: true })
      yield* server.stop
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        assert.strictEqual((yield* Effect.flip(answer))._tag, "SqlError")
        yield* server.start
        assert.deepStrictEqual(yield* answer, [{ answer: 42 }])

        yield* sql`CREATE TABLE kept AS SELECT 1 AS n`
        yield* server.kill
        assert.strictEqual((yield* Effect.flip(answer))._tag, "SqlError")
        yield* server.start
        yield* recovery
        assert.deepStrictEqual(yield* sql`SELECT n FROM kept`, [{ n: 1 }])
      }).pipe(Effect.provide(client(server.url)))
    }), 60_000)

  it.scopedLive("fails typed with a wrong password", () =>
    Effect.gen(function*() {
      const server = yield* SystemPostgres.start({ auth: "password" })
      const url = new URL(server.url)
      url.password = "wrong-password"
      const error = yield* Effect.flip(Effect.provide(answer, client(url.href)))
      assert.strictEqual(error._tag, "SqlError")
      assert.notInclude(`${error.message} ${String(error.cause)}`, "wrong-password")
      assert.deepStrictEqual(yield* Effect.provide(answer, client(server.url)), [{ answer: 42 }])
    }), 60_000)
})
