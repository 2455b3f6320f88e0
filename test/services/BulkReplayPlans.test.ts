import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { DestinationId } from "../../src/domain/Ids.ts"
import type { ReplayScope } from "../../src/domain/ReplayScope.ts"
import { BulkReplays } from "../../src/services/BulkReplays.ts"
import { DeadLetterReader } from "../../src/services/store/DeadLetterReader.ts"
import { ReplayReader } from "../../src/services/store/ReplayReader.ts"
import type { StoreError } from "../../src/services/store/Store.ts"
import * as Bulk from "../support/Bulk.ts"
import { FakeBroker } from "../support/FakeBroker.ts"
import * as Plan from "../support/Plan.ts"
import { stores } from "../support/Stores.ts"

const rowsInEach = 20_000
const replays = 2_000
/** What a slice may look at. */
const looks = 2_000
const { some } = Option

const integration = "00000000-000a-7000-8000-000000000001"
const destination = DestinationId.make("00000000-000b-7000-8000-000000000001")

/** Many events of four integrations, each with a delivery, one of twenty of them dead and one cancelled. */
const fill = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const id = (letter: string, number: string) =>
    `('00000000-000${letter}-7000-8000-' || lpad(to_hex(${number}), 12, '0'))::uuid`
  // As old as the ids that begin with the time.
  const eventId = "('019a0000-' || lpad(to_hex(n / 65536), 4, '0') || '-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"
  const from = `FROM generate_series(1, ${rowsInEach}) AS n`
  yield* sql.unsafe(`
    INSERT INTO integrations (id, slug, name, provider)
    SELECT ${id("a", "n")}, 'plan-' || n, 'plan', 'hmac' FROM generate_series(1, 4) AS n`)
  yield* sql.unsafe(`
    INSERT INTO destinations (id, integration_id, url, signing_envelope)
    SELECT ${id("b", "n")}, ${id("a", "n")}, '', 'v1.test.x' FROM generate_series(1, 4) AS n`)
  yield* sql.unsafe(`
    INSERT INTO events (id, integration_id, dedupe_key, type, size, unrouted, received_at)
    SELECT ${eventId}, ${
    id("a", "n % 4 + 1")
  }, n, 'type-' || n % 8, 1, false, now() - n * interval '1 millisecond' ${from}`)
  yield* sql.unsafe(`
    INSERT INTO event_bodies (event_id, received_at, path, query, headers, body)
    SELECT id, received_at, '', '', '{}', repeat('x', 200)::bytea FROM events`)
  yield* sql.unsafe(`
    INSERT INTO deliveries (
      id, event_id, event_received_at, integration_id, destination_id, state, next_attempt, attempt_count, due_at, failed_at
    )
    SELECT ${id("d", "n")}, ${eventId}, (SELECT received_at FROM events WHERE id = ${eventId}), ${id("a", "n % 4 + 1")},
      ${id("b", "n % 4 + 1")}, CASE n % 20 WHEN 4 THEN 'dead' WHEN 5 THEN 'cancelled' ELSE 'delivered' END, 2, 1, NULL,
      CASE WHEN n % 20 IN (4, 5) THEN now() END
    ${from}`)
  yield* sql.unsafe(`
    INSERT INTO replays (id, event_id, destination_ids, reason, actor, status, total)
    SELECT ${id("e", "n")}, ${id("c", "n")}, '{}', '', '', 'completed', 1 FROM generate_series(1, ${replays}) AS n`)
  yield* sql.unsafe("ANALYZE")
})

const scopes: Readonly<Record<string, ReplayScope>> = {
  "all": Bulk.events(),
  "of an integration": Bulk.events({ integration: some(integration) }),
  "of a type": Bulk.events({ type: some("type-3") }),
  "of both": Bulk.events({ integration: some(integration), type: some("type-4") }),
  "failed": Bulk.events({ status: some("failed") }),
  "failed of an integration": Bulk.events({ status: some("failed"), integration: some(integration) }),
  "delivered": Bulk.events({ status: some("delivered") }),
  "pending": Bulk.events({ status: some("pending") }),
  "unrouted": Bulk.events({ status: some("unrouted") }),
  "dead": Bulk.deadLetters(),
  "dead of a destination": Bulk.deadLetters({ destinationId: some(destination) }),
  "dead of an integration": Bulk.deadLetters({ integration: some(integration) })
}

const filled = Layer.provideMerge(Layer.effectDiscard(fill), stores())

layer(filled, { excludeTestServices: true, timeout: "60 seconds" })("the statements", (it) => {
  it.effect("of the lists go by an index", () =>
    Effect.gen(function*() {
      const deadLetters = yield* DeadLetterReader
      const replays = yield* ReplayReader
      const page = { before: Option.none(), limit: 51 }
      const every = { integration: Option.none(), destinationId: Option.none(), from: Option.none(), to: Option.none() }
      const programs: ReadonlyArray<Effect.Effect<unknown, StoreError>> = [
        replays.list({ ...page, status: Option.none() }),
        replays.list({ ...page, status: some("running") }),
        deadLetters.list({ ...every, ...page }),
        deadLetters.list({ ...every, ...page, destinationId: some(destination) }),
        deadLetters.list({ ...every, ...page, integration: some(integration) }),
        deadLetters.list({ ...every, ...page, destinationId: some(DestinationId.make(integration)) })
      ]
      for (const program of programs) {
        const plans = yield* Plan.explainAll(program)
        assert.strictEqual(plans.length, 1)
        for (const { nodes, text } of plans) {
          for (const node of nodes.filter(Plan.grows)) {
            assert.notStrictEqual(node["Node Type"], "Seq Scan", text)
            assert.isAtMost(Plan.read(node), 200, text)
          }
        }
      }
    }), { timeout: 60_000 })

  it.effect(
    "of a replay scan no table that grows, and a slice looks at a bounded part of it",
    () =>
      Effect.gen(function*() {
        const bulk = yield* BulkReplays
        // What is published is marked by a statement that is not of the replay.
        const broker = yield* FakeBroker
        broker.refusing = true
        for (const [name, scope] of Object.entries(scopes)) {
          const counting = yield* Plan.explainAll(bulk.count(scope))
          assert.isAtLeast(counting.length, 2)
          const { id } = yield* Bulk.request(scope)
          const slice = yield* Plan.explainAll(bulk.run(id, 0, false))
          assert.isAtLeast(slice.length, 3)
          for (const { nodes, text } of [...counting, ...slice]) {
            for (const node of nodes.filter(Plan.grows)) {
              assert.notStrictEqual(node["Node Type"], "Seq Scan", `${name}: ${text}`)
            }
          }
          // The replays before it have made some so, but not many.
          if (name === "pending") {
            for (const { nodes, text } of counting) {
              for (const node of nodes.filter((_) => _["Relation Name"] === "deliveries")) {
                assert.isBelow(Plan.read(node), rowsInEach / 2, text)
              }
            }
          }
          for (const { nodes, text } of slice) {
            for (const node of nodes.filter(Plan.grows)) {
              assert.isAtMost(Plan.read(node), looks * 2, `${name}, ${node["Node Type"]}: ${text}`)
            }
          }
        }
      }),
    { timeout: 60_000 }
  )
})
