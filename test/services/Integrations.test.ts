import { SqlClient } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { Destinations } from "../../src/services/Destinations.ts"
import { Directory } from "../../src/services/Directory.ts"
import { Integrations } from "../../src/services/Integrations.ts"
import { IntegrationStore } from "../../src/services/store/IntegrationStore.ts"
import { StoreError } from "../../src/services/store/Store.ts"
import * as Rows from "../support/Rows.ts"
import { stores } from "../support/Stores.ts"

const input = {
  slug: "of-the-tests",
  name: "Of the tests",
  provider: "hmac",
  secrets: [Redacted.make("secret")]
} as const

/** PostgreSQL goes away as soon as there is an integration to be found. */
const goingAway = Layer.effect(
  IntegrationStore,
  Effect.map(IntegrationStore, (store) =>
    IntegrationStore.of({
      ...store,
      find: (reference) =>
        Effect.filterOrFail(
          store.find(reference),
          Option.isNone,
          () => new StoreError({ reason: "Unavailable", cause: "it went away" })
        )
    }))
)

const live = { excludeTestServices: true, timeout: "30 seconds" } as const
const onStores = Layer.provideMerge(Destinations.layer, Layer.provideMerge(Directory.layer, stores()))

layer(onStores, live)("a destination", (it) => {
  it.effect("is not made for an integration that was deleted meanwhile", () =>
    Effect.gen(function*() {
      const to = yield* Rows.destination()
      const sql = yield* SqlClient.SqlClient
      yield* sql`UPDATE integrations SET deleted_at = now() WHERE id = ${to.integrationId}`
      const integration = { id: to.integrationId, provider: "hmac", options: {}, scheme: null }
      const error = yield* Effect.flip((yield* Destinations).create("test", integration, { url: to.url }))
      assert.strictEqual(error._tag, "NotFound")
      const [count] = yield* sql`
        SELECT count(*)::int AS made FROM destinations WHERE integration_id = ${to.integrationId}`
      assert.deepStrictEqual(count, { made: 1 })
    }))
})

layer(Integrations.layer.pipe(Layer.provide(goingAway), Layer.provideMerge(onStores)), live)(
  "an integration",
  (it) => {
    it.effect("that cannot be read back, because PostgreSQL went away, fails as unavailable", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip((yield* Integrations).create("test", input))
        assert.propertyVal(error, "reason", "Unavailable")
      }))
  }
)
