import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Array, Duration, Effect, Fiber, Layer, Option } from "effect"
import { Directory } from "../../src/services/Directory.ts"
import { Settings } from "../../src/services/Settings.ts"
import { Vault } from "../../src/services/Vault.ts"
import { eventually } from "../support/Eventually.ts"
import * as Grounds from "../support/Grounds.ts"
import * as Heap from "../support/Heap.ts"
import * as LockedTable from "../support/LockedTable.ts"
import { TestDatabase } from "../support/TestDatabase.ts"

const ground = (changes: Partial<typeof Settings.Service> = {}) =>
  Directory.layer.pipe(
    Layer.provide(Vault.layer),
    Layer.provideMerge(Layer.merge(Layer.succeed(Settings, Grounds.settings(changes)), TestDatabase))
  )

layer(ground(), { excludeTestServices: true, timeout: "30 seconds" })("the directory", (it) => {
  it.effect("keeps of the names that it does not know nothing but the names", () =>
    Effect.gen(function*() {
      const directory = yield* Directory
      const nobody = (index: number) => {
        const url = `nobody-goes-by-the-name-of-${index}?${"x".repeat(200_000)}`
        return directory.find(url.slice(0, url.indexOf("?")))
      }
      yield* nobody(0)
      const before = yield* Heap.used
      const found = yield* Effect.forEach(Array.range(1, 300), nobody)
      assert.isTrue(found.every(Option.isNone))
      // The names' URLs are 60 MB.
      assert.isBelow((yield* Heap.used) - before, 10_000_000)
    }))

  it.effect("notices a change, and keeps what it reads, after another server took over that is behind", () =>
    Effect.gen(function*() {
      const directory = yield* Directory
      const sql = yield* SqlClient.SqlClient
      const name = Effect.map(directory.find("followed"), Option.map((_) => _.slug))
      yield* sql`UPDATE directory_version SET version = version + 1000`
      yield* directory.refresh
      assert.deepStrictEqual(yield* name, Option.none())
      yield* sql`UPDATE directory_version SET version = version - 1000`
      yield* sql`INSERT INTO integrations (id, slug, name, provider) VALUES (gen_random_uuid(), 'followed', 'f', 'hmac')`
      yield* directory.refresh
      assert.deepStrictEqual(yield* name, Option.some("followed"))
      // What it has read counts from now on, and is not read again.
      yield* sql`ALTER TABLE integrations RENAME TO integrations_elsewhere`
      assert.deepStrictEqual(yield* name, Option.some("followed"))
      yield* sql`ALTER TABLE integrations_elsewhere RENAME TO integrations`
    }))

  it.effect("tells the database's time as it is, also from within a transaction that began long ago", () =>
    Effect.gen(function*() {
      const directory = yield* Directory
      const sql = yield* SqlClient.SqlClient
      const [before, after] = yield* sql.withTransaction(Effect.gen(function*() {
        const before = yield* directory.now
        yield* sql`SELECT pg_sleep(0.3)`
        yield* directory.refresh
        return [before, yield* directory.now]
      }))
      assert.isAtLeast((after ?? 0) - (before ?? 0), 250)
    }))

  it.effect("answers all that ask for the same integration, though the first of them goes away", () =>
    Effect.gen(function*() {
      const directory = yield* Directory
      const second = yield* Effect.scoped(Effect.gen(function*() {
        const { waiting } = yield* LockedTable.lock("integrations")
        const first = yield* Effect.fork(directory.find("awaited"))
        yield* eventually(waiting, (_) => _ > 0)
        const second = yield* Effect.forkDaemon(directory.find("awaited"))
        yield* Effect.yieldNow()
        yield* Fiber.interrupt(first)
        return second
      }))
      assert.deepStrictEqual(yield* Fiber.join(second), Option.none())
    }))

  it.effect("takes no more than four connections for names that nobody knows, and others beside them", () =>
    Effect.gen(function*() {
      const directory = yield* Directory
      const sql = yield* SqlClient.SqlClient
      yield* sql`INSERT INTO integrations (id, slug, name, provider) VALUES (gen_random_uuid(), 'familiar', 'f', 'hmac')`
      assert.isTrue(Option.isSome(yield* directory.find("familiar")))
      yield* sql`UPDATE directory_version SET version = version + 1`
      yield* directory.refresh
      const names = Array.makeBy(20, (index) => `stranger-${index}`)
      const asked = yield* Effect.scoped(Effect.gen(function*() {
        const { waiting } = yield* LockedTable.lock("integrations")
        const asked = yield* Effect.forkDaemon(Effect.forEach(names, directory.find, { concurrency: "unbounded" }))
        yield* eventually(waiting, (_) => _ > 3)
        yield* Effect.sleep("100 millis")
        assert.strictEqual(yield* waiting, 4)
        const other = yield* Effect.forkDaemon(directory.find("familiar"))
        yield* eventually(waiting, (_) => _ > 4)
        return Fiber.zip(asked, other)
      }))
      const [strangers, other] = yield* Fiber.join(asked)
      assert.isTrue(strangers.every(Option.isNone))
      assert.isTrue(Option.isSome(other))
    }))
})

layer(ground({ acceptWithin: Duration.millis(200) }), { excludeTestServices: true, timeout: "30 seconds" })(
  "a directory whose PostgreSQL is silent",
  (it) => {
    it.scoped("says so in time", () =>
      Effect.gen(function*() {
        const directory = yield* Directory
        yield* LockedTable.lock("integrations")
        const error = yield* Effect.flip(directory.find("awaited"))
        assert.strictEqual(error._tag === "StoreError" ? error.reason : error._tag, "Unavailable")
      }))
  }
)
