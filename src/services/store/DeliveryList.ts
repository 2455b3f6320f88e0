import type { SqlClient, Statement } from "@effect/sql"
import { type DateTime, Option } from "effect"
import type { DeliveryState } from "../../domain/Delivery.ts"
import type { DestinationId } from "../../domain/Ids.ts"
import * as Conditions from "./Conditions.ts"
import { deliveryJson } from "./DeliveryJson.ts"
import * as Search from "./Search.ts"

export interface DeliveryQuery {
  readonly status: Option.Option<DeliveryState>
  readonly integrationId: Option.Option<string>
  readonly destinationId: Option.Option<DestinationId>
  /** By the delivery's id, which says when its event came in. */
  readonly from?: Option.Option<DateTime.Utc>
  readonly to?: Option.Option<DateTime.Utc>
  readonly before: Option.Option<string>
  readonly limit: number
}

/** How many deliveries are looked at for a page. */
export const window = 5_000

interface Index {
  readonly conditions: ReadonlyArray<Statement.Fragment>
  readonly leading: ReadonlyArray<string>
  readonly filters: ReadonlyArray<Statement.Fragment>
}

/** The deliveries that match, the newest first. */
export const search = (sql: SqlClient.SqlClient, query: DeliveryQuery, most = window): Search.Search => {
  const { conditions, filters, leading } = index(sql, query)
  return {
    candidates: Option.contains(query.status, "held") && Option.isNone(query.destinationId)
      ? heldByAny(sql, query)
      : sql`SELECT * FROM deliveries WHERE ${sql.and([...conditions, ...within(sql, query)])}`,
    leading,
    filters,
    values: (candidates) =>
      sql`SELECT candidate.id, ${deliveryJson(sql, "candidate")} AS value FROM ${candidates} AS candidate`,
    window: most,
    limit: query.limit
  }
}

const index = (sql: SqlClient.SqlClient, query: DeliveryQuery): Index => {
  const inState = Conditions.given(query.status, (_) => sql`candidate.state = ${_}`)
  const narrow = narrowest(sql, query)
  switch (Option.getOrUndefined(query.status)) {
    case "dead":
    case "cancelled":
      return { ...narrow, conditions: [...narrow.conditions, sql`failed_at IS NOT NULL`], filters: inState }
    case "held":
      return Option.isSome(query.destinationId)
        ? { ...narrow, conditions: [...narrow.conditions, sql`held_at IS NOT NULL`], filters: [] }
        : { conditions: [], leading: [], filters: [] }
    case undefined:
    case "delivered":
      return { ...narrow, filters: inState }
    default:
      // What is open is a small part of everything, and mostly few.
      return { conditions: [sql`due_at IS NOT NULL`], leading: [], filters: [...inState, ...ofWhom(sql, query)] }
  }
}

/**
 * The newest of the destinations with the newest: the index is by destination, and one of all that are held would lead the
 * planner astray where few of one destination's are to be released.
 */
const heldByAny = (sql: SqlClient.SqlClient, query: DeliveryQuery): Statement.Fragment => {
  const newest = (destination: Statement.Fragment, limit: number) =>
    sql`
      SELECT * FROM deliveries
      WHERE ${
      sql.and([sql`destination_id = ANY(ARRAY[${destination}])`, sql`held_at IS NOT NULL`, ...within(sql, query)])
    }
      ORDER BY destination_id DESC, id DESC LIMIT ${limit}`
  return sql`
    SELECT held.* FROM (
      SELECT d.id FROM destinations d, LATERAL (${newest(sql`d.id`, 1)}) AS newest
      WHERE ${sql.and(Conditions.given(query.integrationId, (_) => sql`d.integration_id = ${_}`))}
      ORDER BY newest.id DESC LIMIT ${query.limit}
    ) AS holding, LATERAL (${newest(sql`holding.id`, query.limit)}) AS held`
}

const within = (
  sql: SqlClient.SqlClient,
  { before, from = Option.none(), to = Option.none() }: DeliveryQuery
): ReadonlyArray<Statement.Fragment> => Conditions.within(sql, "id", { before, from, to })

/** The index of a destination's or an integration's own deliveries. */
const narrowest = (
  sql: SqlClient.SqlClient,
  { destinationId, integrationId }: DeliveryQuery
): Pick<Index, "conditions" | "leading"> => {
  if (Option.isSome(destinationId)) {
    return {
      conditions: [
        Search.heldTo(sql, "destination_id", "uuid", destinationId.value),
        // All of a destination's deliveries are its integration's, or none is.
        ...Conditions.given(
          integrationId,
          (_) => sql`(SELECT integration_id FROM destinations WHERE id = ${destinationId.value}) = ${_}`
        )
      ],
      leading: ["destination_id"]
    }
  }
  return Option.match(integrationId, {
    onNone: () => ({ conditions: [], leading: [] }),
    onSome: (_) => ({ conditions: [Search.heldTo(sql, "integration_id", "uuid", _)], leading: ["integration_id"] })
  })
}

const ofWhom = (
  sql: SqlClient.SqlClient,
  { destinationId, integrationId }: DeliveryQuery
): ReadonlyArray<Statement.Fragment> => [
  ...Conditions.given(destinationId, (_) => sql`candidate.destination_id = ${_}`),
  ...Conditions.given(integrationId, (_) => sql`candidate.integration_id = ${_}`)
]
