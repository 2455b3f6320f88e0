// @effect-diagnostics strictEffectProvide:off
import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Clock, DateTime, Effect, Layer, Option } from "effect"
import { randomBytes } from "node:crypto"
import { RejectionId } from "../../../src/domain/Ids.ts"
import { providers } from "../../../src/domain/providers/Providers.ts"
import type { Reason } from "../../../src/domain/Rejection.ts"
import { Request } from "../../../src/domain/verification/Request.ts"
import * as Ids from "../../../src/services/Ids.ts"
import { Rejections } from "../../../src/services/Rejections.ts"
import { Settings } from "../../../src/services/Settings.ts"
import { listing, type RejectionQuery } from "../../../src/services/store/RejectionReader.ts"
import { type NewRejection, RejectionStore } from "../../../src/services/store/RejectionStore.ts"
import { Vault } from "../../../src/services/Vault.ts"
import { eventually } from "../../support/Eventually.ts"
import * as Grounds from "../../support/Grounds.ts"
import * as Plan from "../../support/Plan.ts"
import * as Rows from "../../support/Rows.ts"
import { TestDatabase } from "../../support/TestDatabase.ts"

const ground = Layer.provideMerge(Rejections.layer, Layer.mergeAll(RejectionStore.layer, Vault.layer)).pipe(
  Layer.provideMerge(Layer.merge(Layer.succeed(Settings, Grounds.settings()), TestDatabase))
)
const live = { excludeTestServices: true, timeout: "60 seconds" } as const

const wide = { rows: 1_000, bytes: 1_000_000_000 }
const integration = Effect.map(Rows.destination(), (_) => _.integrationId)

const newRejection = (changes: Partial<NewRejection> = {}): Effect.Effect<NewRejection> =>
  Effect.map(Clock.currentTimeMillis, (now) => ({
    id: RejectionId.make(Ids.at(now)),
    integrationId: null,
    reason: "signature_mismatch",
    detail: "a test",
    receivedAt: now,
    method: "POST",
    url: "http://gateway/api/v1/webhooks/one",
    path: "",
    headers: "{}",
    sealedHeaders: null,
    body: null,
    size: 2,
    suppressed: 0,
    ...changes
  }))

const count = Effect.fnUntraced(function*(where: string) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql.unsafe<{ count: number }>(`SELECT count(*)::int FROM rejections WHERE ${where}`)
  return row?.count ?? 0
})

/** So many older ones of a kind, straight into the table. */
const fill = Effect.fnUntraced(function*(integrationId: string, reason: Reason, rows: number) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    INSERT INTO rejections (id, integration_id, reason, detail, received_at, method, url, headers, body_size)
    SELECT ('00000000-0000-7000-8000-' || substr(md5(${integrationId} || ${reason} || n), 1, 12))::uuid,
      ${integrationId}, ${reason}, '', now(), 'POST', '/', '{}', 0
    FROM generate_series(1, ${rows}::int) AS n`
})

layer(ground, live)("the table of rejections", (it) => {
  it.effect("keeps of one integration and reason the newest, and of others what is theirs", () =>
    Effect.gen(function*() {
      const store = yield* RejectionStore
      const [one, other] = yield* Effect.all([integration, integration])
      const insert = (changes: Partial<NewRejection>, rows: number) =>
        Effect.flatMap(newRejection(changes), (_) => Effect.as(store.insert(_, { ...wide, rows }), _.id))
      yield* insert({ integrationId: other }, 3)
      yield* insert({ integrationId: one, reason: "rate_limited" }, 3)
      const ids = yield* Effect.replicateEffect(insert({ integrationId: one }, 3), 7)
      const unknown = yield* Effect.replicateEffect(insert({ reason: "integration_unknown" }, 2), 5)
      const sql = yield* SqlClient.SqlClient
      const left = yield* sql<{ id: RejectionId }>`
        SELECT id FROM rejections WHERE integration_id = ${one} AND reason = 'signature_mismatch' ORDER BY id`
      assert.deepStrictEqual(left.map((_) => _.id), ids.toSorted().slice(-3))
      assert.strictEqual(yield* count(`integration_id = '${other}'`), 1)
      assert.strictEqual(yield* count(`integration_id = '${one}' AND reason = 'rate_limited'`), 1)
      const named = yield* sql<{ id: RejectionId }>`SELECT id FROM rejections WHERE integration_id IS NULL ORDER BY id`
      assert.deepStrictEqual(named.map((_) => _.id), unknown.toSorted().slice(-2))
    }))

  it.effect("keeps no more bytes of one integration and reason than there is room for", () =>
    Effect.gen(function*() {
      const store = yield* RejectionStore
      const sql = yield* SqlClient.SqlClient
      const integrationId = yield* integration
      const body = randomBytes(10_000)
      for (let index = 0; index < 8; index += 1) {
        yield* store.insert(yield* newRejection({ integrationId, body }), { rows: 100, bytes: 35_000 })
      }
      const [row] = yield* sql<{ rows: number; bytes: number }>`
        SELECT count(*)::int AS rows, sum(octet_length(body))::int AS bytes FROM rejections
        WHERE integration_id = ${integrationId}`
      assert.isAtLeast(row?.rows ?? 0, 3)
      assert.isAtMost(row?.bytes ?? Number.NaN, 40_000)
    }))

  it.effect("keeps in all no more than there is room for, and lets the oldest go", () =>
    Effect.gen(function*() {
      const store = yield* RejectionStore
      const integrationId = yield* integration
      yield* fill(integrationId, "rate_limited", 500)
      const { id, ...newest } = yield* newRejection({ integrationId })
      yield* store.insert({ ...newest, id }, wide)
      yield* store.trim({ ...wide, rows: 100 })
      assert.strictEqual(yield* count("true"), 100)
      assert.strictEqual(yield* count(`id = '${id}'`), 1)
    }))

  it.effect("counts what was not kept", () =>
    Effect.gen(function*() {
      const store = yield* RejectionStore
      const rejection = yield* newRejection({ suppressed: 1 })
      yield* store.insert(rejection, wide)
      yield* store.suppress([{ after: rejection.id, count: 41 }, { after: yield* Ids.next, count: 7 }])
      assert.strictEqual(yield* count(`id = '${rejection.id}' AND suppressed = 42`), 1)
    }))

  it.effect("has few rows after an attacker's 10,000 requests, and fewer than before them", () =>
    Effect.gen(function*() {
      const { record } = yield* Rejections
      const now = yield* Clock.currentTimeMillis
      const integrationId = yield* integration
      yield* fill(integrationId, "signature_mismatch", 1_200)
      yield* fill(integrationId, "signature_missing", 1_200)
      const reasons: ReadonlyArray<Reason> = ["signature_mismatch", "signature_missing"]
      for (let serial = 0; serial < 5_000; serial += 1) {
        for (const reason of reasons) {
          yield* record({
            integration: Option.some({ id: integrationId, scheme: providers.hmac.scheme({}) }),
            reason,
            detail: "a test",
            size: Option.some(1_000),
            request: new Request({
              method: "POST",
              url: "http://gateway/api/v1/webhooks/one",
              headers: {},
              body: Buffer.alloc(1_000, serial),
              receivedAt: now
            })
          })
        }
      }
      const rows = count(`integration_id = '${integrationId}'`)
      yield* eventually(rows, (_) => _ === 500)
      assert.isAtMost(yield* count(`integration_id = '${integrationId}' AND body IS NOT NULL`), 40)
    }))
})

layer(ground, live)("a list of rejections", (it) => {
  it.effect("reads no more rows than it shows, whatever it is filtered by", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const ids = yield* Effect.replicateEffect(integration, 10)
      const reasons: ReadonlyArray<Reason> = [
        "rate_limited",
        "signature_missing",
        "signature_mismatch",
        "integration_disabled"
      ]
      yield* Effect.forEach(ids, (id) => Effect.forEach(reasons, (reason) => fill(id, reason, 500)))
      yield* sql`ANALYZE rejections`
      const any: RejectionQuery = {
        integrationId: Option.none(),
        reason: Option.none(),
        from: Option.none(),
        to: Option.none(),
        before: Option.none(),
        limit: 51
      }
      const integrationId = Option.fromNullable(ids[3])
      const reason = Option.some<Reason>("rate_limited")
      const before = Option.some("00000000-0000-7000-8000-800000000000")
      const epoch = Option.some(DateTime.unsafeMake(0))
      const today = Option.some(DateTime.unsafeMake("2027-01-01T00:00:00Z"))
      const queries: ReadonlyArray<RejectionQuery> = [
        any,
        { ...any, before },
        { ...any, from: epoch, to: today },
        { ...any, integrationId },
        { ...any, integrationId, before },
        { ...any, reason },
        { ...any, reason, before, from: epoch },
        { ...any, integrationId, reason },
        { ...any, integrationId, reason, before, from: epoch, to: today },
        { ...any, from: today }
      ]
      for (const query of queries) {
        const { nodes, text } = yield* Plan.explain(listing(sql, query))
        for (const node of nodes.filter((_) => _["Relation Name"] === "rejections")) {
          assert.notStrictEqual(node["Node Type"], "Seq Scan", text)
          assert.isAtMost(Plan.read(node), 51, text)
        }
      }
    }))
})
