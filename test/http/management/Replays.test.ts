import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { EventStore } from "../../../src/services/store/EventStore.ts"
import { Vault } from "../../../src/services/Vault.ts"
import * as Bulk from "../../support/Bulk.ts"
import * as Client from "../../support/Client.ts"
import * as Gateway from "../../support/Gateway.ts"
import * as Rows from "../../support/Rows.ts"
import * as Api from "../Api.ts"

const withStores = Layer.merge(EventStore.layer, Vault.layer).pipe(Layer.provideMerge(Client.onTwins()))

const nothing = "019ab1f0-0000-7000-8000-000000000000"
const none = Option.none()
const everything = { integration: none, type: none, status: none, from: none, to: none }
const asked = { reason: "the callback was mended", dryRun: false, ratePerSecond: none }

/** An integration with so many events that were delivered. */
const source = Effect.fnUntraced(function*(count: number) {
  const to = yield* Rows.destination()
  const made = yield* Bulk.received([to], count)
  return { to, made, filter: { ...everything, integration: Option.some<string>(to.integrationId) } }
})

layer(withStores, Api.live)("POST /replays", (it) => {
  it.effect("takes a replay of many events, which is listed, shown and cancelled", () =>
    Effect.gen(function*() {
      const { operator: client } = yield* Client.Clients
      const { filter, to } = yield* source(3)
      const made = yield* client.replays.create({ payload: { ...asked, filter, ratePerSecond: Option.some(5) } })
      assert.notProperty(made, "dryRun")
      const replay = "id" in made ? made : yield* Effect.dieMessage("no replay")
      assert.deepInclude<object>(replay, {
        kind: "events",
        status: "running",
        total: 3,
        done: 0,
        skipped: 0,
        deliveries: 0,
        reason: asked.reason,
        actor: "management-key",
        eventId: null,
        destinationId: null,
        filter: { integration: to.integrationId },
        ratePerSecond: 5
      })
      assert.deepStrictEqual(yield* client.replays.get({ path: { id: replay.id } }), replay)
      const running = yield* client.replays.list({ urlParams: { limit: 10, status: Option.some("running") } })
      assert.deepStrictEqual(running, { data: [replay], nextCursor: null })

      const cancelled = yield* client.replays.cancel({ path: { id: replay.id } })
      assert.deepInclude<object>(cancelled, { id: replay.id, status: "cancelled", done: 0 })
      assert.strictEqual((yield* client.replays.cancel({ path: { id: replay.id } })).status, "cancelled")
      assert.deepStrictEqual(
        (yield* client.replays.list({ urlParams: { limit: 10, status: Option.some("running") } })).data,
        []
      )
      assert.strictEqual(yield* Gateway.audited("replay.requested", replay.id), 1)
      assert.strictEqual(yield* Gateway.audited("replay.cancelled", replay.id), 1)
    }))

  it.effect("counts only, where it is to be a dry run", () =>
    Effect.gen(function*() {
      const { operator: client } = yield* Client.Clients
      const { manage } = yield* Gateway.Gateway
      const { filter, to } = yield* source(4)
      const before = yield* client.replays.list({ urlParams: { limit: 200, status: none } })
      const counted = yield* client.replays.create({ payload: { ...asked, filter, dryRun: true } })
      assert.deepStrictEqual(counted, { dryRun: true, total: 4 })
      const plain = { filter: { integration: to.integrationId, status: "failed" }, reason: "r", dryRun: true }
      const answer = yield* manage("/replays", plain)
      assert.deepStrictEqual([answer.status, answer.json], [200, { dryRun: true, total: 0 }])
      assert.deepStrictEqual(yield* client.replays.list({ urlParams: { limit: 200, status: none } }), before)
    }))

  it.effect("answers 202, and asks a worker for the first slice", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const { to } = yield* source(1)
      const { status } = yield* manage("/replays", { filter: { integration: to.integrationId }, reason: "r" })
      assert.strictEqual(status, 202)
    }))

  it.effect("is refused without a filter that says something, without a reason, and for what is no field of it", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const reason = "r"
      const from = "2026-01-01T00:00:00Z"
      const bad: ReadonlyArray<readonly [body: unknown, ...paths: ReadonlyArray<string>]> = [
        [{}, "filter", "reason"],
        [{ filter: {}, reason }, "filter"],
        [{ filter: {}, reason, dryRun: true }, "filter"],
        [{ filter: null, reason }, "filter"],
        [{ filter: { from } }, "reason"],
        [{ filter: { from }, reason: "  " }, "reason"],
        [{ filter: { from, destinationId: nothing }, reason }, "filter.destinationId"],
        [{ filter: { status: "lost" }, reason }, "filter.status"],
        [{ filter: { from: "yesterday" }, reason }, "filter.from"],
        [{ filter: { type: 1 }, reason }, "filter.type"],
        [{ filter: { from }, reason, ratePerSecond: 0 }, "ratePerSecond"],
        [{ filter: { from }, reason, ratePerSecond: 1.5 }, "ratePerSecond"],
        [{ filter: { from }, reason, ratePerSecond: 10_001 }, "ratePerSecond"],
        [{ filter: { from }, reason, ratePerSecond: null }, "ratePerSecond"],
        [{ filter: { from }, reason, dryRun: "yes" }, "dryRun"],
        [{ filter: { from }, reason, dryrun: true }, "dryrun"]
      ]
      for (const [body, ...paths] of bad) {
        assert.deepStrictEqual(Api.complaints(yield* manage("/replays", body)), paths, JSON.stringify(body))
      }
      const empty = Api.failed(yield* manage("/replays", { filter: {}, reason }), 400, "validation_failed")
      assert.include(empty.details?.[0]?.problem, "names none of integration, type, status, from, to")
      const unknown = { filter: { integration: "nobody" }, reason }
      Api.failed(yield* manage("/replays", unknown), 404, "not_found")
      Api.failed(yield* manage("/replays", { ...unknown, dryRun: true }), 404, "not_found")
    }))
})

layer(withStores, Api.live)("replays", (it) => {
  it.effect("of every kind are listed newest first, in pages", () =>
    Effect.gen(function*() {
      const { operator: client } = yield* Client.Clients
      const { filter, made } = yield* source(1)
      const single = yield* client.events.replay({
        path: { id: made[0]?.id ?? "" },
        payload: { reason: "one", destinationId: none }
      })
      const bulk = yield* client.replays.create({ payload: { ...asked, filter } })
      const first = yield* client.replays.list({ urlParams: { limit: 1, status: none } })
      assert.deepStrictEqual(first.data.map((_) => _.id), ["id" in bulk ? bulk.id : single.id])
      const second = yield* client.replays.list({
        urlParams: { limit: 1, status: none, ...(first.nextCursor === null ? {} : { cursor: first.nextCursor }) }
      })
      assert.deepStrictEqual(second, { data: [single], nextCursor: null })
      assert.deepInclude<object>(single, { kind: "event", status: "queued", filter: null, ratePerSecond: null })
      // One of a single event is cancelled in the same way.
      assert.strictEqual((yield* client.replays.cancel({ path: { id: single.id } })).status, "cancelled")
    }))

  it.effect("that are not there are answered with 404, and one that is completed is not cancelled", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const { operator: client } = yield* Client.Clients
      for (const id of [nothing, "no-id"]) {
        yield* Client.refused(client.replays.get({ path: { id } }), "not_found")
        yield* Client.refused(client.replays.cancel({ path: { id } }), "not_found")
      }
      const { filter } = yield* source(1)
      const made = yield* client.replays.create({ payload: { ...asked, filter } })
      const id = "id" in made ? made.id : ""
      yield* sql`UPDATE replays SET status = 'completed' WHERE id = ${id}`
      yield* Client.refused(client.replays.cancel({ path: { id } }), "conflict")
    }))

  it.effect("are listed by statuses that can be", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      assert.deepStrictEqual(Api.complaints(yield* manage("/replays?status=lost")), ["status"])
      assert.deepStrictEqual(Api.complaints(yield* manage("/replays?cursor=abc")), ["cursor"])
    }))

  it.effect("are nothing for who has no key, or a wrong one", () =>
    Effect.gen(function*() {
      const path = { id: nothing }
      yield* Client.guarded((client) => client.replays.list({ urlParams: { limit: 1, status: none } }))
      yield* Client.guarded((client) => client.replays.get({ path }))
      yield* Client.guarded((client) => client.replays.cancel({ path }))
      yield* Client.guarded((client) =>
        client.replays.create({ payload: { ...asked, filter: { ...everything, type: Option.some("t") } } })
      )
    }))
})
