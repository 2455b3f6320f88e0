import { SqlClient } from "@effect/sql"
import { Context, Effect, Layer, Option, Schema } from "effect"
import { Delivery, DeliveryDetail } from "../../domain/Delivery.ts"
import type { DeliveryId } from "../../domain/Ids.ts"
import { deliveryDetailJson } from "./DeliveryJson.ts"
import * as DeliveryList from "./DeliveryList.ts"
import * as Search from "./Search.ts"
import { guarded, rows, type StoreError } from "./Store.ts"

/** Deliveries, as operators see them. */
export class DeliveryReader extends Context.Tag("sluice/services/store/DeliveryReader")<DeliveryReader, {
  /** Newest first, those before the cursor. */
  readonly list: (query: DeliveryList.DeliveryQuery) => Effect.Effect<Search.Part<Delivery>, StoreError>
  readonly find: (id: DeliveryId) => Effect.Effect<Option.Option<DeliveryDetail>, StoreError>
}>() {
  static readonly layer = Layer.effect(DeliveryReader, Effect.suspend(() => make))
}

const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const search = Search.make(sql, Delivery)

  return DeliveryReader.of({
    list: Effect.fn("DeliveryReader.list")((query) => search(Effect.succeed(DeliveryList.search(sql, query)))),

    find: Effect.fn("DeliveryReader.find")(function*(id) {
      const [found] = yield* sql`SELECT ${deliveryDetailJson(sql)} AS value FROM deliveries d WHERE d.id = ${id}`.pipe(
        guarded,
        Effect.flatMap(rows(Schema.Struct({ value: DeliveryDetail })))
      )
      return Option.map(Option.fromNullable(found), (_) => _.value)
    })
  })
})
