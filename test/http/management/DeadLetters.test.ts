import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { DateTime, Effect, Layer, Option } from "effect"
import { EventId } from "../../../src/domain/Ids.ts"
import * as Ids from "../../../src/services/Ids.ts"
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
const { some } = Option
const every = { integration: none, destinationId: none, from: none, to: none }
const asked = { reason: "the callback was mended", dryRun: false, ratePerSecond: none }

/** Deliveries that died, one for each time of an hour that is given; their ids. */
const died = Effect.fnUntraced(function*(to: Rows.To, ...hours: ReadonlyArray<number>) {
  const sql = yield* SqlClient.SqlClient
  const ids: Array<string> = []
  for (const hour of hours) {
    const at = Date.UTC(2026, 2, 29, hour)
    const id = Bulk.deliveryIdAt(at)
    yield* Bulk.received([to], 1, () => ({
      id: EventId.make(Ids.at(at)),
      receivedAt: at,
      deliveries: [{ id, destinationId: to.id, held: false }]
    }))
    ids.push(id)
  }
  yield* sql`
    UPDATE deliveries SET state = 'dead', due_at = NULL, failed_at = now(), attempt_count = 5, last_error = 'HTTP 500'
    WHERE id = ANY(${ids}::uuid[])`
  return ids
})

layer(withStores, Api.live)("dead letters", (it) => {
  it.effect("are the deliveries that died, found by integration, destination and time, newest first", () =>
    Effect.gen(function*() {
      const { operator: client } = yield* Client.Clients
      const sql = yield* SqlClient.SqlClient
      const one = yield* Rows.destination()
      const other = yield* Rows.destination()
      const mine = yield* died(one, 1, 2, 3)
      const theirs = yield* died(other, 4)
      yield* Rows.deliveries(one, 1)
      const [cancelled = ""] = yield* died(one, 5)
      yield* sql`UPDATE deliveries SET state = 'cancelled' WHERE id = ${cancelled}`
      const ids = (filter: Partial<Parameters<typeof client.deadLetters.list>[0]["urlParams"]>) =>
        Effect.map(
          client.deadLetters.list({ urlParams: { limit: 50, ...every, ...filter } }),
          ({ data }) => data.map((_) => _.id as string)
        )
      const newestFirst = mine.toReversed()
      assert.deepStrictEqual(yield* ids({}), [...theirs, ...newestFirst])
      assert.deepStrictEqual(yield* ids({ destinationId: some(one.id) }), newestFirst)
      assert.deepStrictEqual(yield* ids({ integration: some(other.integrationId) }), theirs)
      assert.deepStrictEqual(yield* ids({ integration: some(other.integrationId), destinationId: some(one.id) }), [])
      const hour = (hour: number) => some(DateTime.unsafeMake(Date.UTC(2026, 2, 29, hour)))
      assert.deepStrictEqual(yield* ids({ from: hour(2), to: hour(4) }), newestFirst.slice(0, 2))
      assert.deepStrictEqual(yield* ids({ from: hour(5) }), [])

      const first = yield* client.deadLetters.list({ urlParams: { limit: 3, ...every } })
      assert.deepInclude<unknown>(first.data[0], {
        destinationId: other.id,
        status: "dead",
        attemptCount: 5,
        lastError: "HTTP 500"
      })
      const second = yield* client.deadLetters.list({
        urlParams: { limit: 3, ...every, cursor: first.nextCursor ?? "" }
      })
      assert.deepStrictEqual([...first.data, ...second.data].map((_) => _.id as string), [...theirs, ...newestFirst])
      assert.strictEqual(second.nextCursor, null)
    }))

  it.effect("are replayed by a filter, or only counted", () =>
    Effect.gen(function*() {
      const { operator: client } = yield* Client.Clients
      const { manage } = yield* Gateway.Gateway
      const to = yield* Rows.destination()
      yield* died(to, 1, 2)
      const filter = { ...every, destinationId: some(to.id) }
      const counted = yield* client.deadLetters.replay({ payload: { ...asked, filter, dryRun: true } })
      assert.deepStrictEqual(counted, { dryRun: true, total: 2 })
      const made = yield* client.deadLetters.replay({ payload: { ...asked, filter, ratePerSecond: some(3) } })
      assert.deepInclude<object>(made, {
        kind: "dead-letters",
        status: "running",
        total: 2,
        filter: { destinationId: to.id },
        ratePerSecond: 3
      })
      const plain = yield* manage("/dead-letters/replay", { filter: { integration: to.integrationId }, reason: "r" })
      assert.strictEqual(plain.status, 202)
    }))

  it.effect("are not found by what makes no sense, and not replayed by it", () =>
    Effect.gen(function*() {
      const { manage } = yield* Gateway.Gateway
      const senseless = { destinationId: "no-id", from: "yesterday", to: "2026-13-01", limit: "0", cursor: "abc" }
      for (const [name, value] of Object.entries(senseless)) {
        assert.deepStrictEqual(Api.complaints(yield* manage(`/dead-letters?${name}=${value}`)), [name])
      }
      Api.failed(yield* manage("/dead-letters?integration=nobody"), 404, "not_found")
      const reason = "r"
      const bad: ReadonlyArray<readonly [body: unknown, ...paths: ReadonlyArray<string>]> = [
        [{}, "filter", "reason"],
        [{ filter: {}, reason }, "filter"],
        [{ filter: { destinationId: "no-id" }, reason }, "filter.destinationId"],
        [{ filter: { status: "failed" }, reason }, "filter.status"],
        [{ filter: { destinationId: nothing } }, "reason"],
        [{ filter: { destinationId: nothing }, reason, ratePerSecond: -1 }, "ratePerSecond"],
        [{ filter: { destinationId: nothing }, reason, dryrun: true }, "dryrun"]
      ]
      for (const [body, ...paths] of bad) {
        assert.deepStrictEqual(Api.complaints(yield* manage("/dead-letters/replay", body)), paths)
      }
      Api.failed(yield* manage("/dead-letters/replay", { filter: { integration: "nobody" }, reason }), 404, "not_found")
    }))

  it.effect("are nothing for who has no key, or a wrong one", () =>
    Effect.gen(function*() {
      const filter = { ...every, integration: some("any") }
      yield* Client.guarded((client) => client.deadLetters.list({ urlParams: { limit: 1, ...every } }))
      yield* Client.guarded((client) => client.deadLetters.replay({ payload: { ...asked, filter } }))
    }))
})
