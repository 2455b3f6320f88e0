import { SqlClient, type Statement } from "@effect/sql"
import { assert, layer } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as DeliveryList from "../../../src/services/store/DeliveryList.ts"
import * as EventList from "../../../src/services/store/EventList.ts"
import * as Search from "../../../src/services/store/Search.ts"
import * as ManyEvents from "../../support/ManyEvents.ts"
import * as Plan from "../../support/Plan.ts"
import { TestDatabase } from "../../support/TestDatabase.ts"
import * as Queries from "./Queries.ts"

const count = 12_000
const limit = 21
const [fewerThanDue, moreThanDue] = [200, 800]

/** Complains where the plan reads more of a table that grows than it may. */
const explain = Effect.fnUntraced(function*(statement: Statement.Statement<unknown>, window: number, name: string) {
  // The window once to find the page, and once to tell how far it went; an event has up to two deliveries.
  const readAtMost = 2 * (window + limit)
  const { nodes } = yield* Plan.explain(statement)
  for (const node of nodes.filter(Plan.grows)) {
    const how = `${name}: reads ${node["Relation Name"]} by ${node["Node Type"]} ${node["Index Name"]}`
    assert.notStrictEqual(node["Node Type"], "Seq Scan", how)
    assert.isAtMost(Plan.read(node), readAtMost, how)
  }
})

layer(TestDatabase, { excludeTestServices: true, timeout: "60 seconds" })("a page of a list", (it) => {
  it.effect(
    "reads no more of a table that grows than its window, whatever is asked for and however rare it is",
    () =>
      Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* ManyEvents.fill(count)
        const explainEvents = Effect.fnUntraced(function*(query: EventList.EventQuery, window: number) {
          const name = `events ${Queries.told(query)}`
          if (Option.isSome(query.integrationId) && Option.isSome(query.type)) {
            const { integrationId, type } = query
            yield* explain(
              EventList.reachesFurtherStatement(sql, query, integrationId.value, type.value, window),
              window,
              `which reaches further of ${name}`
            )
          }
          yield* explain(Search.statement(sql, yield* EventList.search(sql, query, window)), window, name)
        })
        const events = Queries.events(count, limit)
        const plan = Effect.gen(function*() {
          yield* explain(EventList.areFewStatement(sql, fewerThanDue), fewerThanDue, "whether few are due")
          yield* Effect.forEach(events, (query) => explainEvents(query, fewerThanDue))
          yield* Effect.forEach(events.filter(Queries.dependsOnDue), (query) => explainEvents(query, moreThanDue))
          for (const query of Queries.deliveries(limit)) {
            const search = DeliveryList.search(sql, query, fewerThanDue)
            yield* explain(Search.statement(sql, search), fewerThanDue, `deliveries ${Queries.told(query)}`)
          }
        })
        yield* sql.withTransaction(Effect.zipRight(Search.settings(sql), plan))
      }),
    60_000
  )
})
