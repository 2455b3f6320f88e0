import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { EventStore } from "../../../src/services/store/EventStore.ts"
import { Vault } from "../../../src/services/Vault.ts"
import { Clients, onTwins, refused } from "../../support/Client.ts"
import * as Gateway from "../../support/Gateway.ts"
import * as Rows from "../../support/Rows.ts"
import * as Api from "../Api.ts"

const withStores = Layer.merge(EventStore.layer, Vault.layer).pipe(Layer.provideMerge(onTwins()))

/** A destination for which five deliveries wait, in different ways, and others do not. */
const waiting = Effect.gen(function*() {
  const to = yield* Rows.destination()
  const [pending, queued, retrying, held, more, delivering, delivered, dead] = yield* Rows.deliveries(to, 8)
  yield* Rows.set(pending, "state = 'pending'")
  yield* Rows.set(queued, "state = 'queued'")
  yield* Rows.set(retrying, "state = 'retrying', due_at = now() + interval '6 hours'")
  yield* Rows.set(held, "state = 'held', due_at = NULL, held_at = now()")
  yield* Rows.set(more, "state = 'held', due_at = NULL, held_at = now()")
  yield* Rows.set(delivering, "state = 'delivering'")
  yield* Rows.set(delivered, "state = 'delivered', due_at = NULL")
  yield* Rows.set(dead, "state = 'dead', due_at = NULL, failed_at = now()")
  return { path: { id: to.id }, integration: { id: to.integrationId } }
})

const five = { deliveries: 5, atLeast: false }

layer(withStores, Api.live)("what waits for a destination", (it) => {
  it.effect("is held while it is paused or disabled, and released when it is resumed, as the answer tells", () =>
    Effect.gen(function*() {
      const { operator: client } = yield* Clients
      const { path } = yield* waiting
      const update = (status: "active" | "disabled") => client.destinations.update({ path, payload: { status } })
      const paused = yield* client.destinations.pause({ path })
      assert.deepStrictEqual([paused.status, paused.waiting], ["paused", { ...five, fate: "held" }])
      const resumed = yield* client.destinations.resume({ path })
      assert.deepStrictEqual([resumed.status, resumed.waiting], ["active", { ...five, fate: "released" }])
      assert.deepStrictEqual((yield* update("disabled")).waiting, { ...five, fate: "held" })
      assert.deepStrictEqual((yield* update("active")).waiting, { ...five, fate: "released" })
      const otherwise = yield* client.destinations.update({ path, payload: { concurrency: 3 } })
      assert.notProperty(otherwise, "waiting")
    }))

  it.effect("is cancelled when it is deleted, as the answer tells", () =>
    Effect.gen(function*() {
      const { operator: client } = yield* Clients
      const { path } = yield* waiting
      assert.deepStrictEqual(yield* client.destinations.remove({ path }), {
        ...path,
        waiting: { ...five, fate: "cancelled" }
      })
      yield* refused(client.destinations.remove({ path }), "not_found")
    }))

  it.effect("is paused and resumed once, however often that is asked for", () =>
    Effect.gen(function*() {
      const { operator: client } = yield* Clients
      const { path } = yield* waiting
      yield* Effect.replicateEffect(client.destinations.pause({ path }), 5, { concurrency: "unbounded" })
      yield* client.destinations.pause({ path })
      assert.strictEqual(yield* Gateway.audited("destination.paused", path.id), 1)
      yield* Effect.replicateEffect(client.destinations.resume({ path }), 2)
      assert.strictEqual(yield* Gateway.audited("destination.active", path.id), 1)
    }))

  it.effect("of an integration still goes out when that is disabled, and is cancelled when it is deleted", () =>
    Effect.gen(function*() {
      const { operator: client } = yield* Clients
      const { integration: path } = yield* waiting
      const disabled = yield* client.integrations.update({ path, payload: { status: "disabled" } })
      assert.deepStrictEqual([disabled.status, disabled.waiting], ["disabled", { ...five, fate: "delivered" }])
      const renamed = yield* client.integrations.update({ path, payload: { name: "other" } })
      assert.notProperty(renamed, "waiting")
      const removed = yield* client.integrations.remove({ path })
      assert.deepStrictEqual(removed, { ...path, waiting: { ...five, fate: "cancelled" } })
    }))
})
