// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Array, Context, Deferred, Effect, Fiber, Layer, Redacted } from "effect"
import { randomUUID } from "node:crypto"
import { Reencryption } from "../../src/services/Reencryption.ts"
import { sealedTables } from "../../src/services/store/EnvelopeStore.ts"
import { Vault } from "../../src/services/Vault.ts"
import { TestDatabase } from "../support/TestDatabase.ts"

const key = (id: string, byte: number) => ({ id, bytes: Redacted.make(new Uint8Array(32).fill(byte)) })
const [before, now, lost] = [key("before", 1), key("now", 2), key("lost", 3)]

const vaultOf = (...keys: Parameters<typeof Vault.withKeys>[0]) =>
  Effect.map(Layer.build(Vault.withKeys(keys)), Context.get(Vault))

const test = <E>(name: string, program: Effect.Effect<void, E, SqlClient.SqlClient>) =>
  it.scopedLive(name, () => Effect.provide(program, TestDatabase))

const perTable = 23
const batch = 5

/** Rows in every table, each envelope holding the place that it is sealed for. */
const fill = Effect.fnUntraced(function*(vault: typeof Vault.Service, count = perTable) {
  const sql = yield* SqlClient.SqlClient
  const seal = (place: string) => vault.seal(place, Redacted.make(place))
  for (const n of Array.range(1, count)) {
    const [integration, secret, destination, event, rejection] = Array.makeBy(5, () => randomUUID())
    // Every second one has none where there need not be one.
    const some = (place: string) => n % 2 === 0 ? seal(place) : Effect.succeed(null)
    yield* sql`
      INSERT INTO integrations (id, slug, name, provider, verify_token_envelope)
      VALUES (${integration}, ${integration.slice(0, 13)}, '', 'hmac', ${yield* some(`verify-token:${integration}`)})`
    yield* sql`
      INSERT INTO integration_secrets (id, integration_id, envelope, hint)
      VALUES (${secret}, ${integration}, ${yield* seal(`secret:${secret}`)}, '')`
    const next = yield* some(`signing:${destination}`)
    yield* sql`
      INSERT INTO destinations (id, integration_id, url, signing_envelope, next_signing_envelope, signing_overlap_until)
      VALUES (
        ${destination}, ${integration}, '', ${yield* seal(`signing:${destination}`)}, ${next},
        CASE WHEN ${next}::text IS NOT NULL THEN now() END
      )`
    yield* sql`
      INSERT INTO event_bodies (event_id, received_at, path, query, headers, sealed_headers, body)
      VALUES (
        ${event}, now() - ${n}::int * interval '1 hour' + interval '0.000123 seconds', '', '', '{}',
        ${yield* some(`event:${event}`)}, ''
      )`
    yield* sql`
      INSERT INTO rejections (
        id, integration_id, reason, detail, received_at, method, url, headers, sealed_headers, body_size
      ) VALUES (
        ${rejection}, ${integration}, '', '', now(), 'POST', '', '{}', ${yield* some(`rejection:${rejection}`)}, 0
      )`
  }
})

const sealedPerTable = [11, perTable, perTable + 11, 11, 11]

/** Every envelope with its place. */
const envelopes = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const found = yield* Effect.forEach(
    sealedTables,
    ({ columns, keys: [first], name: table }) =>
      Effect.forEach(columns, ({ name, place }) =>
        sql<{ readonly place: string; readonly envelope: string }>`
        SELECT ${`${place}:`}::text || ${sql(first?.name ?? "")} AS place, ${sql(name)} AS envelope FROM ${sql(table)}
        WHERE ${sql(name)} IS NOT NULL`)
  )
  return found.flat(2)
})

/** How many envelopes there are of each key. */
const byKey = Effect.map(envelopes, (all) => Array.groupBy(all, (_) => _.envelope.split(".")[1] ?? "")).pipe(
  Effect.map((groups) => Object.fromEntries(Object.entries(groups).map(([id, of]) => [id, of.length])))
)

/** That everything opens in its place with this key alone. */
const assertSealedWith = Effect.fnUntraced(function*(...keys: Parameters<typeof Vault.withKeys>[0]) {
  const vault = yield* vaultOf(...keys)
  for (const { envelope, place } of yield* envelopes) {
    assert.strictEqual(Redacted.value(yield* vault.open(place, envelope)), place)
  }
})

const runWith = (vault: typeof Vault.Service) =>
  Effect.flatMap(Reencryption, (_) => _.run).pipe(
    Effect.provide(Reencryption.layer({ keyId: "now", batch })),
    Effect.provideService(Vault, vault)
  )

const run = Effect.flatMap(vaultOf(now, before), runWith)

describe("sealing everything anew", () => {
  test(
    "leaves nothing under another key than the first, tells how much it was, and has nothing to do the second time",
    Effect.gen(function*() {
      yield* fill(yield* vaultOf(before))
      const tallies = yield* run
      assert.deepStrictEqual(tallies.map((_) => _.table), sealedTables.map((_) => _.name))
      assert.deepStrictEqual(
        tallies.map((_) => [_.rows, _.sealedAnew, _.unopened, _.unsettled]),
        sealedPerTable.map((sealed) => [perTable, sealed, {}, false])
      )
      yield* assertSealedWith(now)
      const once = yield* envelopes
      assert.deepStrictEqual((yield* run).map((_) => _.sealedAnew), [0, 0, 0, 0, 0])
      assert.deepStrictEqual(yield* envelopes, once)
    }).pipe(Effect.scoped)
  )

  test(
    "goes on past what it cannot open, counts that by its key, and leaves it as it was",
    Effect.gen(function*() {
      yield* fill(yield* vaultOf(before))
      yield* fill(yield* vaultOf(lost), 2)
      yield* fill(yield* vaultOf(now), 2)
      const tallies = yield* run
      assert.deepStrictEqual(tallies.map((_) => _.sealedAnew), sealedPerTable)
      assert.deepStrictEqual(tallies.map((_) => _.unopened), [1, 2, 3, 1, 1].map((count) => ({ lost: count })))
      assert.deepStrictEqual(Object.keys(yield* byKey).toSorted(), ["lost", "now"])
      yield* assertSealedWith(now, lost)
    }).pipe(Effect.scoped)
  )

  test(
    "may be ended at any moment, and goes on from there when it is run again",
    Effect.gen(function*() {
      yield* fill(yield* vaultOf(before))
      const vault = yield* vaultOf(now, before)
      const midway = yield* Deferred.make<void>()
      let sealed = 0
      const dying = Vault.of({
        ...vault,
        seal: (place, secret) =>
          ++sealed < 60
            ? vault.seal(place, secret)
            : Effect.zipRight(Deferred.succeed(midway, undefined), Effect.never)
      })
      const first = yield* Effect.fork(runWith(dying))
      yield* Deferred.await(midway)
      yield* Fiber.interrupt(first)
      const some = yield* byKey
      assert.isAbove(some["now"] ?? 0, 0)
      assert.isAbove(some["before"] ?? 0, 0)
      yield* assertSealedWith(now, before)
      yield* run
      yield* assertSealedWith(now)
    }).pipe(Effect.scoped)
  )

  test(
    "does not overwrite what others change meanwhile, and settles that in another pass",
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const old = yield* vaultOf(before)
      yield* fill(old, 3)
      const vault = yield* vaultOf(now, before)
      const written = new Map<string, string>()
      /** Somebody else writes another envelope between the look at a destination and its replacement. */
      const overtaken = Vault.of({
        ...vault,
        seal: (place, secret) =>
          Effect.gen(function*() {
            const [kind, id = ""] = place.split(":")
            if (kind === "signing" && !written.has(id)) {
              const other = yield* old.seal(place, Redacted.make("another"))
              written.set(id, other)
              yield* Effect.orDie(sql`UPDATE destinations SET signing_envelope = ${other} WHERE id = ${id}`)
            }
            return yield* vault.seal(place, secret)
          })
      })
      const tallies = yield* runWith(overtaken)
      assert.deepStrictEqual(tallies.map((_) => _.unsettled), [false, false, false, false, false])
      assert.deepStrictEqual(yield* byKey, { now: 10 })
      const rows = yield* sql<{ readonly id: string; readonly envelope: string }>`
        SELECT id, signing_envelope AS envelope FROM destinations`
      assert.strictEqual(written.size, 3)
      for (const { envelope, id } of rows) {
        assert.strictEqual(Redacted.value(yield* vault.open(`signing:${id}`, envelope)), "another")
      }
    }).pipe(Effect.scoped)
  )

  test(
    "says so where others change the same all the time",
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const old = yield* vaultOf(before)
      yield* fill(old, 1)
      const vault = yield* vaultOf(now, before)
      const busy = Vault.of({
        ...vault,
        seal: (place, secret) =>
          Effect.gen(function*() {
            const [kind, id = ""] = place.split(":")
            if (kind === "secret") {
              const other = yield* old.seal(place, secret)
              yield* Effect.orDie(sql`UPDATE integration_secrets SET envelope = ${other} WHERE id = ${id}`)
            }
            return yield* vault.seal(place, secret)
          })
      })
      assert.deepStrictEqual((yield* runWith(busy)).map((_) => _.unsettled), [false, true, false, false, false])
    }).pipe(Effect.scoped)
  )

  test(
    "knows every column of the database that holds envelopes",
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const columns = yield* sql<{ readonly place: string }>`
        SELECT c.relname || '.' || a.attname AS place
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT a.attisdropped
          AND a.attname ~ '(envelope|sealed)'`
      assert.sameMembers(
        columns.map((_) => _.place),
        sealedTables.flatMap(({ columns, name: table }) => columns.map(({ name }) => `${table}.${name}`))
      )
      const [bodies] = yield* sql<{ readonly key: ReadonlyArray<string> }>`
        SELECT array_agg(a.attname::text ORDER BY a.attnum) AS key
        FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
        WHERE i.indisprimary AND i.indrelid = 'event_bodies'::regclass`
      assert.deepStrictEqual(bodies?.key, sealedTables.find((_) => _.name === "event_bodies")?.keys.map((_) => _.name))
    })
  )
})
